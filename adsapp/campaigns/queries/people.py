"""The people of a campaign: lists of them, and why some failed or were left out."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import select

from adsapp.campaigns import lacking, ledger
from adsapp.campaigns.ledger import Counted
from adsapp.campaigns.models import LATER_ROUND, Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import MISSING_VARIABLE, explain
from adsapp.contacts.queries import people_with
from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.inputs import number_after
from adsapp.core.pagination import PAGE, Page, cut


@dataclass(frozen=True)
class Failure:
    """Why some failed or were skipped: a code, plain words, and whether trying again can help."""

    code: str
    title: str
    advice: str
    count: int
    can_retry: bool


def failures(
    campaign: Campaign, status: Status = Status.FAILED, counted: Iterable[Counted] | None = None
) -> list[Failure]:
    """Why recipients failed (or, with `status`, were skipped), the commonest first; of what was `counted` already."""
    counted = list(ledger.counted(campaign.id) if counted is None else counted)
    skipped, found = sum(each.people for each in counted if each.status is Status.SKIPPED), []
    for its_status, code, count in counted:
        if its_status is not status or not count:
            continue
        reason = explain(code, of_template=campaign.text is None)
        title = lacking.why_left_out(campaign, skipped) if code == MISSING_VARIABLE else reason.title
        found.append(Failure(code, title, reason.advice, count, status is Status.FAILED and reason.can_retry))
    return sorted(found, key=lambda failure: (-failure.count, failure.code))


def left_out(campaign: Campaign, code: str) -> int:
    """How many people were left out for this reason."""
    return next((each.count for each in failures(campaign, Status.SKIPPED) if each.code == code), 0)


def recipients(
    campaign: Campaign,
    status: Status | str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
    code: str | None = None,
    round: int | None = None,
    search: str = "",
    *,
    by_number: bool = True,
    country: str = "",
) -> Page[CampaignRecipient]:
    """The people of a campaign in the order they are sent to, all or of one status (and code), or of one round.

    `search` is in names, and in numbers if whoever asks may see them (`by_number`), also as they are written in the
    `country`.
    """
    query = select(CampaignRecipient).where(CampaignRecipient.campaign_id == campaign.id)
    if round is not None:
        query = query.where(CampaignRecipient.round == round, *([LATER_ROUND] if round > 1 else []))
    if status:
        query = query.where(CampaignRecipient.status == status_of(status))
    if code is not None:
        query = query.where(CampaignRecipient.error_code == code)
    if search:
        phone = CampaignRecipient.phone if by_number else None
        query = query.where(people_with(search, CampaignRecipient.name, phone=phone, country=country))
    if cursor:
        query = query.where(CampaignRecipient.id > number_after(cursor))
    rows = db.session.scalars(query.order_by(CampaignRecipient.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda recipient: str(recipient.id))


def status_of(text: Status | str) -> Status:
    """The status of this name; raises Invalid that lists them."""
    try:
        return Status(text)
    except ValueError:
        raise Invalid.field("status", f"There is no status {text!r}; there are {', '.join(Status)}") from None

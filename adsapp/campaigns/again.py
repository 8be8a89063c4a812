"""Sending again to some of a campaign's people: those who are uncertain, who failed, or who had been left out.

Each moves rows of the ledger back to pending under the campaign's lock, and lets the campaign go on.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import update

from adsapp.campaigns import lacking, ledger, reasons
from adsapp.campaigns.course import go_on, round_of_next
from adsapp.campaigns.events import record
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.words import plural
from adsapp.message_templates.components import view
from adsapp.message_templates.lengths import Lengths, parts_of
from adsapp.outbound import decisions
from adsapp.outbound.missing_values import read_texts, refuse_unfixed, with_texts
from adsapp.outbound.statuses import OutboundStatus

CHUNK = 500


def settle_uncertain(campaign: Campaign, decision: str, by: str = "") -> decisions.Decision:
    """Decide about messages that may or may not have arrived: "send_again" or "assume_delivered"."""
    decisions.check(decision)
    ledger.lock([campaign.id])
    now = utcnow()
    if decision == decisions.ASSUME_DELIVERED:
        values: dict[str, Any] = {"status": Status.DELIVERED, "delivered_at": now, "error_message": f"assumed by {by}"}
        count = _move(campaign, Status.UNCERTAIN, None, values | {"error_code": ""})
        record(
            campaign,
            f"{plural(count, 'uncertain message')} assumed delivered",
            by,
            action="assume delivered",
            people=count,
        )
        return decisions.Decision(count)
    _refuse_ended_by_choice(campaign)
    count = _move(campaign, Status.UNCERTAIN, None, _afresh(campaign))
    go_on(campaign, count, by)
    record(
        campaign,
        f"{plural(count, 'uncertain message')} to be sent again",
        by,
        action="send uncertain again",
        people=count,
    )
    return decisions.Decision(count)


def retry_failed(campaign: Campaign, code: str, by: str = "") -> decisions.Decision:
    """Send again to those who failed with this code, never to those who got it.

    Raises Invalid if trying again cannot help, Conflict for a cancelled campaign and if it is too early.
    """
    reason = reasons.explain(code)
    if not reason.can_retry:
        raise Invalid.field("code", f"{reason.title}: sending again cannot help. {reason.advice}")
    ledger.lock([campaign.id])
    _refuse_ended_by_choice(campaign)
    why_not = reasons.why_not_yet(code, campaign.finished_at, utcnow())
    if why_not:
        raise Conflict(why_not, code="too_early")
    count = _move(campaign, Status.FAILED, code, _afresh(campaign) | _UNSENT)
    go_on(campaign, count, by)
    text = f"{plural(count, 'person', 'people')} who failed with “{reason.title}” {_are_sent_to(count)} again"
    record(campaign, text, by, action="send failed again", people=count, error=reason.title)
    return decisions.Decision(count)


def send_to_left_out(campaign: Campaign, values: Mapping[str, str], by: str = "") -> decisions.Decision:
    """Send to those who were left out because a variable had no value, with these values, by the variables' keys. Who
    lacks another variable too stays left out. The campaign keeps the values as what is sent if there is none.

    Invalid if a value is empty or of a variable that nobody lacks, Conflict for a cancelled campaign.
    """
    ledger.lock([campaign.id])
    _refuse_ended_by_choice(campaign)
    refuse_unfixed(campaign.frozen_at)
    texts = read_texts(values, lacking.lacked(campaign))
    count = _fill_in(campaign, texts)
    campaign.variables = campaign.variables | {
        key: {**campaign.variables[key], "fallback": text} for key, text in texts.items()
    }
    go_on(campaign, count, by)
    text = f"{plural(count, 'person', 'people')} without a value {_are_sent_to(count)} with one for all of them"
    record(campaign, text, by, action="send to left out", people=count)
    return decisions.Decision(count)


def _fill_in(campaign: Campaign, texts: Mapping[str, str]) -> int:
    """Give those who lack just these variables the texts; how many they are. Whose message is too long with them stays
    left out, for that."""
    measured = Lengths(parts_of(view(campaign.components, campaign.parameter_format)))
    asked, people = lacking.from_contacts(campaign), lacking.people_without_value(campaign)
    kept = {key: each.fallback for key, each in asked.items() if each.fallback}
    texts, count, after, afresh = {**kept, **texts}, 0, 0, _afresh(campaign)
    while rows := people.some(asked, after, CHUNK):
        after = rows[-1].id
        filled = with_texts(rows, texts)
        told = {own: found[0].in_words for own, values in filled if (found := measured.too_long(values))}
        fits = [{"id": own, "variables": values, **afresh} for own, values in filled if own not in told]
        update_rows(CampaignRecipient, [row | {"updated_at": utcnow()} for row in fits])
        too_long = {"error_code": reasons.TOO_LONG, "updated_at": utcnow()}
        update_rows(CampaignRecipient, [{"id": own, "error_message": why, **too_long} for own, why in told.items()])
        count += len(fits)
    return count


def _are_sent_to(count: int) -> str:
    return "is sent the message" if count == 1 else "are sent the message"


_UNSENT: dict[str, Any] = {"attempts": 0, "accepted_at": None, "failed_at": None, "provider_id": None}
_AFRESH: dict[str, Any] = {
    "status": Status.PENDING,
    "error_code": "",
    "error_message": None,
    "not_before": None,
    "lease_id": None,
}


def _afresh(campaign: Campaign) -> dict[str, Any]:
    return _AFRESH | {"round": round_of_next(campaign)}


def _refuse_ended_by_choice(campaign: Campaign) -> None:
    if campaign.status is OutboundStatus.CANCELLED:
        raise Conflict("The campaign was cancelled; nothing more is sent")


def _move(campaign: Campaign, status: Status, code: str | None, values: Mapping[str, object]) -> int:
    query = update(CampaignRecipient).where(
        CampaignRecipient.campaign_id == campaign.id, CampaignRecipient.status == status
    )
    if code is not None:
        query = query.where(CampaignRecipient.error_code == code)
    moved = db.session.execute(
        query.values(updated_at=utcnow(), **values), execution_options={"synchronize_session": False}
    )
    return moved.rowcount  # type: ignore[attr-defined,no-any-return]

"""The people on a campaign's page, and the message as one of them sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from flask import url_for

from adsapp.campaigns import queries, reasons
from adsapp.campaigns.compose.preview import first_to_get_it
from adsapp.campaigns.console import presenter
from adsapp.campaigns.console.dialogs import PLACE
from adsapp.campaigns.console.presenter import Person
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.queries import Counts
from adsapp.campaigns.reach import message_of
from adsapp.message_templates import previews
from adsapp.message_templates.previews import Bubble
from adsapp.organizations.access import Actor
from adsapp.outbound import audience as audiences
from adsapp.outbound.console.people import (
    NOBODY_EVER,
    NOBODY_YET,
    PEOPLE,
    Narrowed,
    People,
    chips_of,
    contact_url,
    pages_of,
    time_shape,
    without_search,
)
from adsapp.outbound.statuses import OutboundStatus

LISTED_ARGS: Final = ("status", "code", "search", "cursor")
NOBODY_HERE: Final = ("Nobody here", "Nobody in this campaign matches.")


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A recipient in the list."""

    id: int
    name: str
    number: str
    status: str
    code: str | None  # the provider's, which has a meaning of its own
    why: str  # our own reason, in words
    replied_at: datetime | None
    at: datetime
    time_shape: str
    url: str


@dataclass(frozen=True, slots=True)
class Preview:
    """The message as one person sees it, and the ways to the next and the previous one."""

    name: str
    bubble: Bubble
    at: datetime | None = None
    ticks: str | None = None
    previous_url: str | None = None
    next_url: str | None = None
    contact_url: str | None = None


def people_of(
    campaign: Campaign, counts: Counts, actor: Actor, args: Mapping[str, str], *, by_number: bool
) -> People[PersonRow]:
    """The page of the ledger that is asked for; `by_number`: whoever asks may look for parts of one."""
    narrowed = Narrowed.read(args)
    page = queries.recipients(
        campaign,
        narrowed.status or None,
        args.get("cursor") or None,
        PEOPLE,
        narrowed.code or None,
        search=narrowed.search,
        by_number=by_number,
        country=actor.organization.default_country,
    )
    next_url, first_url = pages_of(PLACE, campaign, page, args, ("status", "code", "search"))
    return People(
        rows=tuple(_row(campaign, recipient, actor, args) for recipient in page.items),
        chips=chips_of(PLACE, campaign, presenter.chips(counts), args),
        note=reasons.explain(narrowed.code).title if narrowed.code else "in the order of sending" if page.items else "",
        narrowed=narrowed,
        searched="Name or number" if by_number else "Name",
        all_url=without_search(PLACE, campaign, args),
        export_url=url_for("campaigns.ask_to_export", campaign_id=campaign.id, **narrowed.query),
        next_url=next_url,
        first_url=first_url,
        nobody=NOBODY_HERE if counts.total else _nobody_yet(campaign),
    )


def _nobody_yet(campaign: Campaign) -> tuple[str, str]:
    return NOBODY_EVER if campaign.status is OutboundStatus.CANCELLED else NOBODY_YET


def _row(campaign: Campaign, recipient: CampaignRecipient, actor: Actor, args: Mapping[str, str]) -> PersonRow:
    moment = presenter.moment_of(recipient)
    return PersonRow(
        id=recipient.id,
        name=recipient.name,
        number=actor.mask.number(recipient.phone),
        status=recipient.status.value,
        code=None if recipient.error_code in reasons.OURS else recipient.error_code or None,
        why=reasons.explain(recipient.error_code).title if recipient.error_code else "",
        replied_at=recipient.replied_at,
        at=moment,
        time_shape=time_shape(moment),
        url=PLACE.page_with(campaign, "preview", args, LISTED_ARGS, person=recipient.id),
    )


def preview_of(campaign: Campaign, person: Person | None, args: Mapping[str, str]) -> Preview:
    if person is None:
        return _expected(campaign) or Preview("with the example values", presenter.example(campaign))

    def url(recipient_id: int | None) -> str | None:
        return PLACE.page_with(campaign, "preview", args, LISTED_ARGS, person=recipient_id) if recipient_id else None

    return Preview(
        name=person.recipient.name or "No name",
        bubble=person.bubble,
        at=person.at,
        ticks=person.ticks,
        previous_url=url(person.previous_id),
        next_url=url(person.next_id),
        contact_url=contact_url(person.recipient.contact_id),
    )


def _expected(campaign: Campaign) -> Preview | None:
    """As long as it is to begin: the message of somebody who is in its audience now."""
    if campaign.status is not OutboundStatus.SCHEDULED:
        return None
    found = first_to_get_it(message_of(campaign), audiences.from_stored(campaign.audience))
    if found is None:
        return None
    contact, rendered = found
    bubble = previews.of_person(rendered) if rendered else presenter.example(campaign)
    return Preview(contact.display_name or "No name", bubble)

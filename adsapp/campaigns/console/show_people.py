"""The people on a campaign's page, and the message as one of them sees it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from flask import url_for

from adsapp.campaigns import queries, reasons
from adsapp.campaigns.compose.preview import first_to_get_it
from adsapp.campaigns.console import presenter
from adsapp.campaigns.console.presenter import Person
from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.queries import Counts
from adsapp.campaigns.reach import message_of
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.message_templates import previews
from adsapp.message_templates.previews import Bubble
from adsapp.organizations.access import Actor
from adsapp.outbound import audience as audiences

PEOPLE: Final = 25
LISTED_ARGS: Final = ("status", "code", "cursor")
NOBODY_HERE: Final = ("Nobody here", "No one of this campaign is in this state now.")
NOBODY_YET: Final = ("Nobody yet", "People appear once the audience is fixed.")
NOBODY_EVER: Final = ("Nobody", "It was cancelled before it started.")


def page_url(campaign: Campaign, anchor: str, args: Mapping[str, str], keep: Sequence[str], **more: Any) -> str:
    """The page's address with what of the present one is kept."""
    kept: dict[str, Any] = {name: args[name] for name in keep if args.get(name)}
    return url_for("campaigns.show_campaign", campaign_id=campaign.id, _anchor=anchor, **(kept | more))


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
class Chip:
    """A status to narrow the list to, and how many people have it."""

    label: str
    count: int
    kind: str
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class People:
    """The ledger, a page of it, in the order of sending."""

    rows: Sequence[PersonRow]
    chips: Sequence[Chip]
    note: str  # their order, or what they are narrowed to
    export_url: str
    is_narrow: bool
    next_url: str | None
    first_url: str | None
    nobody: tuple[str, str]  # title and text, if there are no rows


@dataclass(frozen=True, slots=True)
class Preview:
    """The message as one person sees it, and the ways to the next and the previous one."""

    name: str
    bubble: Bubble
    at: datetime | None = None
    ticks: str | None = None
    previous_url: str | None = None
    next_url: str | None = None


def people_of(campaign: Campaign, counts: Counts, actor: Actor, args: Mapping[str, str]) -> People:
    status, code, cursor = args.get("status", ""), args.get("code"), args.get("cursor")
    page = queries.recipients(campaign, status or None, cursor or None, PEOPLE, code or None)
    next_url, first_url = _pages(campaign, page, args)
    return People(
        rows=tuple(_row(campaign, recipient, actor, args) for recipient in page.items),
        chips=tuple(_chip(campaign, chip, status) for chip in presenter.chips(counts)),
        note=reasons.explain(code).title if code else "in the order of sending" if page.items else "",
        export_url=url_for(
            "campaigns.ask_to_export", campaign_id=campaign.id, status=status or None, code=code or None
        ),
        is_narrow=bool(status or code),
        next_url=next_url,
        first_url=first_url,
        nobody=NOBODY_HERE if counts.total else _nobody_yet(campaign),
    )


def _nobody_yet(campaign: Campaign) -> tuple[str, str]:
    return NOBODY_EVER if campaign.status is CampaignStatus.CANCELLED else NOBODY_YET


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
        time_shape="second" if utcnow() - moment < timedelta(hours=12) else "full",
        url=page_url(campaign, "preview", args, LISTED_ARGS, person=recipient.id),
    )


def _chip(campaign: Campaign, chip: tuple[str, str, int, str], chosen: str) -> Chip:
    status, label, count, kind = chip
    url = page_url(campaign, "people", {}, (), status=status or None)
    return Chip(label, count, kind, url, is_current=status == chosen)


def _pages(campaign: Campaign, page: Page[CampaignRecipient], args: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Addresses of the next page, and of the first one from a later one."""

    def url(cursor: str | None) -> str:
        return page_url(campaign, "people", args, ("status", "code"), cursor=cursor)

    return url(page.next) if page.next else None, url(None) if args.get("cursor") else None


def preview_of(campaign: Campaign, person: Person | None, args: Mapping[str, str]) -> Preview:
    if person is None:
        return _expected(campaign) or Preview("with the example values", presenter.example(campaign))

    def url(recipient_id: int | None) -> str | None:
        return page_url(campaign, "preview", args, LISTED_ARGS, person=recipient_id) if recipient_id else None

    return Preview(
        name=person.recipient.name or "No name",
        bubble=person.bubble,
        at=person.at,
        ticks=person.ticks,
        previous_url=url(person.previous_id),
        next_url=url(person.next_id),
    )


def _expected(campaign: Campaign) -> Preview | None:
    """As long as it is to begin: the message of somebody who is in its audience now."""
    if campaign.status is not CampaignStatus.SCHEDULED:
        return None
    found = first_to_get_it(message_of(campaign), audiences.from_stored(campaign.audience))
    if found is None:
        return None
    contact, rendered = found
    bubble = previews.of_person(rendered) if rendered else presenter.example(campaign)
    return Preview(contact.display_name or "No name", bubble)

"""The page of a campaign as its templates read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from flask import url_for

from adsapp.campaigns import message_minutes, queries, reasons
from adsapp.campaigns.console import dialogs, presenter
from adsapp.campaigns.console.presenter import Funnel, Person
from adsapp.campaigns.lacking import may_lack
from adsapp.campaigns.message_minutes import MessageMinutes
from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reach import reach
from adsapp.core.clock import utcnow
from adsapp.core.inputs import digits
from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.queries import Unreachable
from adsapp.jobs.wait_reasons import WaitReason
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.previews import Bubble
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission

PEOPLE: Final = 25
EVENTS: Final = 20
MOVING_SECONDS, WAITING_SECONDS = 2, 15
# Delivery reports come in for a while after the last message went out; then the page has nothing to ask for.
REPORTS_COME_FOR: Final = timedelta(minutes=2)
READS_COME_FOR: Final = timedelta(hours=1)
LISTED_ARGS: Final = ("status", "code", "cursor")
SHOWN_ARGS: Final = (*LISTED_ARGS, "person")
NOBODY_HERE: Final = ("Nobody here", "No one of this campaign is in this state now.")
NOBODY_YET: Final = ("Nobody yet", "People appear once the audience is fixed.")
NO_RIGHT: Final = "viewers cannot send messages"
ENDED_WORDS: Final = {
    CampaignStatus.PAUSED: "It is paused",
    CampaignStatus.FAILED: "It stopped",
    CampaignStatus.CANCELLED: "It was cancelled",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of a campaign that its page shows."""

    id: uuid.UUID
    name: str
    status: CampaignStatus
    status_reason: str | None
    template_name: str
    language: str
    audience: str
    created_by: str
    created_at: datetime
    scheduled_at: datetime | None
    local_start: str
    started_at: datetime | None
    frozen_at: datetime | None
    finished_at: datetime | None
    replied_count: int
    opted_out_count: int
    job_id: uuid.UUID | None

    @classmethod
    def of(cls, campaign: Campaign) -> Facts:
        """Read them off."""
        return cls(
            id=campaign.id,
            name=campaign.name,
            status=campaign.status,
            status_reason=campaign.status_reason,
            template_name=campaign.template_name,
            language=language_name(campaign.template_language),
            audience=presenter.audience_words(campaign.audience),
            created_by=campaign.created_by,
            created_at=campaign.created_at,
            scheduled_at=campaign.scheduled_at,
            local_start=presenter.local_start(campaign),
            started_at=campaign.started_at,
            frozen_at=campaign.frozen_at,
            finished_at=campaign.finished_at,
            replied_count=campaign.replied_count,
            opted_out_count=campaign.opted_out_count,
            job_id=campaign.job_id,
        )


@dataclass(frozen=True, slots=True)
class FailureRow:
    """Why some failed, and whether they can be sent to again: not at all, now, or `why_not_yet`."""

    code: str
    title: str
    advice: str
    count: int
    can_retry: bool
    why_not_yet: str | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Why some were left out; `can_fill`: they can be sent to once a value is set."""

    code: str
    title: str
    advice: str
    count: int
    can_fill: bool


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


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that happened to the campaign."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class HeadButton:
    """What the campaign can be told; `why_not` says who may not."""

    verb: dialogs.Verb
    url: str
    why_not: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignPage(LivePage):
    """How far a campaign is, who failed and why, everybody in it.

    `every` is the seconds between two looks, None once nothing moves any more; `per_second` the pace of the last
    seconds, `finishes_at` the end at this pace. `shown` is what of the page's address its fragment needs.
    """

    template: ClassVar[str] = "campaigns/show.html"
    fragment: ClassVar[str] = "campaigns/_campaign.html"

    as_of: datetime = field(compare=False)
    finishes_at: datetime | None = field(compare=False)
    row: Campaign = field(compare=False, repr=False)
    failed: Sequence[Failure] = field(compare=False, repr=False)  # those below, as the questions take them
    campaign: Facts
    counts: Counts
    funnel: Funnel
    headline: str
    trouble: str
    per_second: float
    slowed_until: datetime | None
    account_is_refused: bool
    unreachable: Unreachable | None
    waits: WaitReason | None
    failures: Sequence[FailureRow]
    messages: MessageMinutes | None
    left_out: Sequence[LeftOut]
    people: People
    preview: Preview
    events: Sequence[EventLine]
    buttons: Sequence[HeadButton]
    may_send: bool
    has_ended: bool
    every: int | None
    shown: Mapping[str, str]

    @classmethod
    def of(cls, campaign: Campaign, actor: Actor, args: Mapping[str, str]) -> CampaignPage:
        """The page as this person may see it. `args`: status, code, cursor, person."""
        now = utcnow()
        counts, failures = queries.counts(campaign), queries.failures(campaign)
        skipped = queries.failures(campaign, Status.SKIPPED)
        events = queries.events(campaign, EVENTS)
        pace = queries.rate_now(campaign, counts)
        account = accounts.get_account(campaign.account_id)
        goes_out, has_ended = presenter.goes_out(campaign), dialogs.has_ended(campaign)
        return cls(
            as_of=now,
            finishes_at=pace.finishes_at,
            campaign=Facts.of(campaign),
            counts=counts,
            funnel=Funnel(counts, [each.title for each in skipped]),
            headline=presenter.headline(campaign, counts),
            trouble=presenter.trouble(campaign, counts),
            per_second=round(pace.per_second, 1),
            slowed_until=account.slowed_until if account.slowed_until and account.slowed_until > now else None,
            account_is_refused=account.status is AccountStatus.REFUSED and not has_ended,
            unreachable=accounts.why_unreachable(account, now) if goes_out else None,
            waits=presenter.why_it_waits(campaign),
            failures=tuple(_failure(campaign, failure) for failure in failures),
            messages=message_minutes.of_campaign(campaign, now),
            left_out=tuple(_left_out(campaign, each) for each in skipped),
            people=_people(campaign, counts, actor, args),
            preview=_preview(campaign, presenter.person(campaign, digits(args.get("person", ""))), args),
            events=tuple(EventLine(event.at, event.text, event.by) for event in events),
            buttons=tuple(_button(campaign, verb, actor) for verb in dialogs.verbs(campaign)),
            row=campaign,
            failed=failures,
            may_send=actor.may(Permission.SEND),
            has_ended=has_ended,
            every=_every(campaign, counts, events[0].at if events else None),
            shown={name: args[name] for name in SHOWN_ARGS if args.get(name)},
        )

    @property
    def confirmations(self) -> Sequence[Confirmation]:
        """The dialogs of the page, made when it is drawn of the counts, failures and status that are in its version."""
        return tuple(dialogs.confirmations(self.row, self.counts, self.failed)) if self.may_send else ()

    @property
    def expects(self) -> int | None:
        """How many would get it if a scheduled one started now; counted when the page is drawn, not by each look."""
        return reach(self.row) if self.campaign.status is CampaignStatus.SCHEDULED else None

    @property
    def live_url(self) -> str | None:
        """None once nothing moves any more."""
        if not self.every:
            return None
        shown: dict[str, Any] = dict(self.shown)
        return url_for("campaigns.campaign_fragment", campaign_id=self.campaign.id, **shown, version=self.version)

    @property
    def reason_title(self) -> str:
        """That it is paused, stopped or cancelled, and why."""
        return reasons.with_reason(ENDED_WORDS[self.campaign.status], self.campaign.status_reason)

    @property
    def people_text(self) -> str:
        """How many people it is for."""
        return presenter.people(self.counts.total)

    @property
    def send_reason(self) -> str | None:
        """Why nothing can be sent by whoever looks."""
        return None if self.may_send else NO_RIGHT

    @property
    def job_url(self) -> str | None:
        """The page of the job behind it."""
        return url_for("jobs.show_job", job_id=self.campaign.job_id) if self.campaign.job_id else None

    @property
    def again_url(self) -> str | None:
        """Where it is composed once more."""
        may = self.has_ended and self.may_send
        return url_for("campaigns.new_campaign", again=self.campaign.id) if may else None


def _page_url(campaign: Campaign, anchor: str, args: Mapping[str, str], keep: Sequence[str], **more: Any) -> str:
    """The page's address with what of the present one is kept."""
    kept: dict[str, Any] = {name: args[name] for name in keep if args.get(name)}
    return url_for("campaigns.show_campaign", campaign_id=campaign.id, _anchor=anchor, **(kept | more))


def _every(campaign: Campaign, counts: Counts, changed_at: datetime | None) -> int | None:
    """Seconds between two looks, None once nothing moves any more. `changed_at`: when somebody last paused it, …."""
    if presenter.goes_out(campaign) or counts.sending:
        return MOVING_SECONDS
    just_now = changed_at is not None and utcnow() - changed_at < REPORTS_COME_FOR
    if campaign.status is CampaignStatus.PAUSED and just_now:
        return MOVING_SECONDS  # what was written before the pause is still being answered and reported
    if not dialogs.has_ended(campaign):
        return WAITING_SECONDS
    on_their_way = counts.accepted + counts.sent
    ended = campaign.finished_at
    if on_their_way and ended and utcnow() - ended < REPORTS_COME_FOR:
        return MOVING_SECONDS
    may_be_read = on_their_way + counts.delivered
    return WAITING_SECONDS if may_be_read and ended and utcnow() - ended < READS_COME_FOR else None


def _failure(campaign: Campaign, failure: Failure) -> FailureRow:
    return FailureRow(
        failure.code,
        failure.title,
        failure.advice,
        failure.count,
        can_retry=dialogs.may_retry(campaign, failure),
        why_not_yet=reasons.why_not_yet(failure.code, campaign.finished_at, utcnow()),
    )


def _left_out(campaign: Campaign, skipped: Failure) -> LeftOut:
    can_fill = skipped.code == reasons.MISSING_VARIABLE and campaign.status is not CampaignStatus.CANCELLED
    return LeftOut(skipped.code, skipped.title, skipped.advice, skipped.count, can_fill and bool(may_lack(campaign)))


def _button(campaign: Campaign, verb: dialogs.Verb, actor: Actor) -> HeadButton:
    if verb.asks or verb.leads:
        url = url_for(f"campaigns.{'ask_' if verb.asks else ''}{verb.name}", campaign_id=campaign.id)
    else:
        url = url_for("campaigns.ask_verb", campaign_id=campaign.id, verb=verb.name)
    return HeadButton(verb, url, None if actor.may(Permission.SEND) else NO_RIGHT)


def _people(campaign: Campaign, counts: Counts, actor: Actor, args: Mapping[str, str]) -> People:
    status, code, cursor = args.get("status", ""), args.get("code"), args.get("cursor")
    page = queries.recipients(campaign, status or None, cursor or None, PEOPLE, code or None)
    next_url, first_url = _pages(campaign, page, args)
    return People(
        rows=tuple(_row(campaign, recipient, actor, args) for recipient in page.items),
        chips=tuple(_chip(campaign, chip, status) for chip in presenter.chips(counts)),
        note=reasons.explain(code).title if code else "in the order of sending" if page.items else "",
        export_url=url_for(
            "campaigns.export_people", campaign_id=campaign.id, status=status or None, code=code or None
        ),
        is_narrow=bool(status or code),
        next_url=next_url,
        first_url=first_url,
        nobody=NOBODY_HERE if counts.total else NOBODY_YET,
    )


def _row(campaign: Campaign, recipient: CampaignRecipient, actor: Actor, args: Mapping[str, str]) -> PersonRow:
    moment = presenter.moment_of(recipient)
    return PersonRow(
        id=recipient.id,
        name=recipient.name,
        number=actor.mask.number(recipient.phone),
        status=recipient.status.value,
        code=None if recipient.error_code in reasons.OURS else recipient.error_code or None,
        why=reasons.explain(recipient.error_code).title if recipient.error_code in reasons.OURS else "",
        replied_at=recipient.replied_at,
        at=moment,
        time_shape="second" if utcnow() - moment < timedelta(hours=12) else "full",
        url=_page_url(campaign, "preview", args, LISTED_ARGS, person=recipient.id),
    )


def _chip(campaign: Campaign, chip: tuple[str, str, int, str], chosen: str) -> Chip:
    status, label, count, kind = chip
    url = _page_url(campaign, "people", {}, (), status=status or None)
    return Chip(label, count, kind, url, is_current=status == chosen)


def _pages(campaign: Campaign, page: Page[CampaignRecipient], args: Mapping[str, str]) -> tuple[str | None, str | None]:
    """Addresses of the next page, and of the first one from a later one."""

    def url(cursor: str | None) -> str:
        return _page_url(campaign, "people", args, ("status", "code"), cursor=cursor)

    return url(page.next) if page.next else None, url(None) if args.get("cursor") else None


def _preview(campaign: Campaign, person: Person | None, args: Mapping[str, str]) -> Preview:
    if person is None:
        return Preview("with the example values", presenter.example(campaign))

    def url(recipient_id: int | None) -> str | None:
        return _page_url(campaign, "preview", args, LISTED_ARGS, person=recipient_id) if recipient_id else None

    return Preview(
        name=person.recipient.name or "No name",
        bubble=person.bubble,
        at=person.at,
        ticks=person.ticks,
        previous_url=url(person.previous_id),
        next_url=url(person.next_id),
    )

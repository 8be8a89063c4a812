"""The page of a campaign as its templates read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from flask import url_for

from adsapp.campaigns import ledger, message_minutes, queries, reasons
from adsapp.campaigns.console import dialogs, presenter
from adsapp.campaigns.console.presenter import Funnel
from adsapp.campaigns.console.show_people import LISTED_ARGS, PersonRow, Preview, people_of, preview_of
from adsapp.campaigns.message_minutes import MessageMinutes
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import Counts, Failure
from adsapp.campaigns.reach import reach
from adsapp.core.clock import utcnow
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.integrations import queries as accounts
from adsapp.integrations.models import AccountStatus
from adsapp.integrations.queries import Unreachable
from adsapp.jobs.wait_reasons import WaitReason
from adsapp.message_templates.languages import language_name
from adsapp.organizations.access import Actor
from adsapp.organizations.policy import Permission
from adsapp.organizations.queries import caps
from adsapp.outbound.console.dialogs import Verb
from adsapp.outbound.console.people import People
from adsapp.outbound.missing_values import can_be_sent_to
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.whom import audience_words
from adsapp.outbound.words import people, why_it_stands

EVENTS: Final = 20
MOVING_SECONDS, WAITING_SECONDS = 2, 15
# Delivery reports come in for a while after the last message went out; then the page has nothing to ask for.
REPORTS_COME_FOR: Final = timedelta(minutes=2)
READS_COME_FOR: Final = timedelta(hours=1)
SHOWN_ARGS: Final = (*LISTED_ARGS, "person")
NO_RIGHT: Final = "viewers cannot send messages"


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of a campaign that its page shows."""

    id: uuid.UUID
    name: str
    status: OutboundStatus
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
            audience=audience_words(campaign.audience),
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
class EventLine:
    """Something that happened to the campaign."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class HeadButton:
    """What the campaign can be told; `why_not` says who may not."""

    verb: Verb
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
    capped: str
    account_is_refused: bool
    unreachable: Unreachable | None
    waits: WaitReason | None
    failures: Sequence[FailureRow]
    messages: MessageMinutes | None
    left_out: Sequence[LeftOut]
    people: People[PersonRow]
    preview: Preview
    events: Sequence[EventLine]
    buttons: Sequence[HeadButton]
    may_send: bool
    has_ended: bool
    every: int | None
    shown: Mapping[str, str]

    @classmethod
    def of(cls, campaign: Campaign, actor: Actor, args: Mapping[str, str], *, by_number: bool) -> CampaignPage:
        """The page as this person may see it. `args`: status, code, search, cursor, person; `by_number`: they may look
        for parts of a number."""
        now = utcnow()
        counted = ledger.counted(campaign.id)
        counts, failures = queries.counts(campaign, counted), queries.failures(campaign, counted=counted)
        skipped = queries.failures(campaign, Status.SKIPPED, counted)
        events = queries.events(campaign, EVENTS)
        pace = queries.rate_now(campaign, counts)
        account = accounts.get_account(campaign.account_id)
        goes_out, has_ended = presenter.goes_out(campaign), dialogs.has_ended(campaign)
        listed = people_of(campaign, counts, actor, args, by_number=by_number)
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
            capped=caps().on_messages if goes_out else "",
            account_is_refused=account.status is AccountStatus.REFUSED and not has_ended,
            unreachable=accounts.why_unreachable(account, now) if goes_out else None,
            waits=presenter.why_it_waits(campaign),
            failures=tuple(_failure(campaign, failure) for failure in failures),
            messages=message_minutes.of_campaign(campaign, now),
            left_out=tuple(_left_out(campaign, each) for each in skipped),
            people=listed,
            preview=preview_of(campaign, presenter.person(campaign, digits(args.get("person", ""))), args),
            events=tuple(EventLine(event.at, event.text, event.by) for event in events),
            buttons=tuple(_button(campaign, verb, actor) for verb in dialogs.verbs(campaign)),
            row=campaign,
            failed=failures,
            may_send=actor.may(Permission.SEND),
            has_ended=has_ended,
            every=listed.narrowed.slows(_every(campaign, counts, events[0].at if events else None)),
            shown={name: args[name] for name in SHOWN_ARGS if args.get(name)},
        )

    @property
    def confirmations(self) -> Sequence[Confirmation]:
        """The dialogs of the page, made when it is drawn of the counts, failures and status that are in its version."""
        return tuple(dialogs.confirmations(self.row, self.counts, self.failed)) if self.may_send else ()

    @property
    def expects(self) -> int | None:
        """How many would get it if a scheduled one started now; counted when the page is drawn, not by each look."""
        return reach(self.row) if self.campaign.status is OutboundStatus.SCHEDULED else None

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
        return why_it_stands(self.campaign.status, self.campaign.status_reason)

    @property
    def people_text(self) -> str:
        """How many people it is for."""
        return people(self.counts.total)

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


def _every(campaign: Campaign, counts: Counts, changed_at: datetime | None) -> int | None:
    """Seconds between two looks, None once nothing moves any more. `changed_at`: when somebody last paused it, …."""
    if presenter.goes_out(campaign) or counts.sending:
        return MOVING_SECONDS
    just_now = changed_at is not None and utcnow() - changed_at < REPORTS_COME_FOR
    if campaign.status is OutboundStatus.PAUSED and just_now:
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
    can_fill = skipped.code == reasons.MISSING_VARIABLE and can_be_sent_to(campaign.frozen_at, campaign.status)
    return LeftOut(skipped.code, skipped.title, skipped.advice, skipped.count, can_fill)


def _button(campaign: Campaign, verb: Verb, actor: Actor) -> HeadButton:
    if verb.asks or verb.leads:
        url = url_for(f"campaigns.{'ask_' if verb.asks else ''}{verb.name}", campaign_id=campaign.id)
    else:
        url = url_for("campaigns.ask_verb", campaign_id=campaign.id, verb=verb.name)
    return HeadButton(verb, url, None if actor.may(Permission.SEND) else NO_RIGHT)

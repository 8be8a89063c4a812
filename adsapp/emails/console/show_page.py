"""The page of an e-mail as its templates read it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final

from flask import url_for

from adsapp.core.clock import utcnow
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage
from adsapp.emails import ledger, queries, reasons
from adsapp.emails.console import dialogs, minutes, presenter
from adsapp.emails.console.minutes import EmailMinutes
from adsapp.emails.console.presenter import Funnel
from adsapp.emails.console.show_people import LISTED_ARGS, PersonRow, Preview, people_of, preview_of
from adsapp.emails.ledger import Counted
from adsapp.emails.models import Email
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.preflight import seconds_for
from adsapp.emails.queries import Counts, Failure
from adsapp.emails.reach import reach
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.integrations.queries import Unreachable
from adsapp.jobs.wait_reasons import WaitReason
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
# Reports come in for a while after the last e-mail went out; then the page has nothing to ask for.
REPORTS_COME_FOR: Final = timedelta(minutes=2)
LATE_REPORTS_COME_FOR: Final = timedelta(hours=1)
SHOWN_ARGS: Final = (*LISTED_ARGS, "person")
NO_RIGHT: Final = "viewers cannot send e-mails"


@dataclass(frozen=True, slots=True)
class Facts:
    """The columns of an e-mail that its page shows."""

    id: uuid.UUID
    name: str
    status: OutboundStatus
    status_reason: str | None
    paused_until: datetime | None
    subject: str
    sender: str
    reply_to: str
    account: str
    audience: str
    created_by: str
    created_at: datetime
    scheduled_at: datetime | None
    local_start: str
    started_at: datetime | None
    frozen_at: datetime | None
    finished_at: datetime | None
    job_id: uuid.UUID | None

    @classmethod
    def of(cls, email: Email, account: EmailAccount) -> Facts:
        """Read them off."""
        return cls(
            id=email.id,
            name=email.name,
            status=email.status,
            status_reason=email.status_reason,
            paused_until=email.paused_until,
            subject=email.subject,
            sender=email.sender,
            reply_to=email.reply_to,
            account=account.name,
            audience=audience_words(email.audience),
            created_by=email.created_by,
            created_at=email.created_at,
            scheduled_at=email.scheduled_at,
            local_start=presenter.local_start(email),
            started_at=email.started_at,
            frozen_at=email.frozen_at,
            finished_at=email.finished_at,
            job_id=email.job_id,
        )


@dataclass(frozen=True, slots=True)
class Why:
    """Why some did not get it; `status` is how they stand, `can_retry` whether they can be sent to again, `can_fill`
    once a value is set."""

    status: str
    code: str
    title: str
    advice: str
    count: int
    can_retry: bool = False
    can_fill: bool = False


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something that happened to the e-mail."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True, slots=True)
class HeadButton:
    """What the e-mail can be told."""

    verb: Verb
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EmailPage(LivePage):
    """How far an e-mail is, who did not get it and why, everybody in it.

    `every` is the seconds between two looks, None once nothing moves any more. `shown` is what of the page's address
    its fragment needs.
    """

    template: ClassVar[str] = "email/show.html"
    fragment: ClassVar[str] = "email/_email.html"

    as_of: datetime = field(compare=False)
    finishes_at: datetime | None = field(compare=False)
    row: Email = field(compare=False, repr=False)
    failed: Sequence[Failure] = field(compare=False, repr=False)  # as the questions take them
    preview: Preview = field(compare=False, repr=False)  # an e-mail's text does not change
    email: Facts
    counts: Counts
    funnel: Funnel
    headline: str
    trouble: str
    tracks: tuple[bool, bool]  # opens, clicks
    complaints: str
    capped: str
    account_is_refused: bool
    unreachable: Unreachable | None
    waits: WaitReason | None
    not_got: Sequence[Why]
    left_out: Sequence[Why]
    minutes: EmailMinutes | None
    people: People[PersonRow]
    events: Sequence[EventLine]
    buttons: Sequence[HeadButton]
    may_send: bool
    every: int | None
    shown: Mapping[str, str]

    @classmethod
    def of(cls, email: Email, actor: Actor, args: Mapping[str, str], *, by_address: bool) -> EmailPage:
        """The page as this person may see it. `args`: status, code, search, cursor, person."""
        now, counted = utcnow(), ledger.counted(email.id)
        counts, failed = queries.counts(email, counted), queries.failures(email, counted=counted)
        left_out = _whys(email, Status.SKIPPED, counted)
        events = queries.events(email, EVENTS)
        account = accounts.get_email_account(email.account_id)
        listed = people_of(email, counts, args, by_address=by_address)
        return cls(
            as_of=now,
            finishes_at=_finishes_at(email, counts, account, now),
            row=email,
            failed=failed,
            preview=preview_of(email, digits(args.get("person", "")), args),
            email=Facts.of(email, account),
            counts=counts,
            funnel=Funnel(counts, tuple(each.title for each in left_out)),
            headline=presenter.headline(email, counts),
            trouble=presenter.trouble(email, counts),
            tracks=(account.tracks_opens, account.tracks_clicks),
            complaints=presenter.complaints(counts),
            capped=caps().on_emails if email.status.goes_out else "",
            account_is_refused=account.status is AccountStatus.REFUSED and not email.status.has_ended,
            unreachable=accounts.why_email_unreachable(account, now) if email.status.goes_out else None,
            waits=presenter.why_it_waits(email),
            not_got=_not_got(email, failed, counted),
            left_out=left_out,
            minutes=minutes.of_email(email, now),
            people=listed,
            events=tuple(EventLine(event.at, event.text, event.by) for event in events),
            buttons=tuple(_button(email, verb) for verb in dialogs.verbs(email)),
            may_send=actor.may(Permission.SEND),
            every=listed.narrowed.slows(_every(email, counts, events[0].at if events else None)),
            shown={name: args[name] for name in SHOWN_ARGS if args.get(name)},
        )

    @property
    def confirmations(self) -> Sequence[Confirmation]:
        """The dialogs of the page, made when it is drawn of the counts, failures and status that are in its version."""
        return tuple(dialogs.confirmations(self.row, self.counts, self.failed)) if self.may_send else ()

    @property
    def expects(self) -> int | None:
        """How many would get it if a scheduled one started now; counted when the page is drawn, not by each look."""
        return reach(self.row) if self.email.status is OutboundStatus.SCHEDULED else None

    @property
    def live_url(self) -> str | None:
        """None once nothing moves any more."""
        if not self.every:
            return None
        shown: dict[str, Any] = dict(self.shown)
        return url_for("emails.email_fragment", email_id=self.email.id, **shown, version=self.version)

    @property
    def reason_title(self) -> str:
        """That it is paused, stopped or cancelled, and why."""
        return why_it_stands(self.email.status, self.email.status_reason)

    @property
    def people_text(self) -> str:
        """How many people it is for."""
        return people(self.counts.total)

    @property
    def lost(self) -> int:
        """How many did not get it."""
        return self.counts.failed + self.counts.bounced + self.counts.complained

    @property
    def send_reason(self) -> str | None:
        """Why nothing can be sent by whoever looks."""
        return None if self.may_send else NO_RIGHT

    @property
    def job_url(self) -> str | None:
        """The job that sends it."""
        return url_for("jobs.show_job", job_id=self.email.job_id) if self.email.job_id else None

    @property
    def again_url(self) -> str | None:
        """Where it is composed once more."""
        may = self.email.status.has_ended and self.may_send
        return url_for("emails.new_email", again=self.email.id) if may else None


def _finishes_at(email: Email, counts: Counts, account: EmailAccount, now: datetime) -> datetime | None:
    """When it is through at its account's pace."""
    if email.status is not OutboundStatus.SENDING or not counts.pending:
        return None
    return now + timedelta(seconds=seconds_for(counts.pending, account, alone=email.batch_size == 1))


def _every(email: Email, counts: Counts, changed_at: datetime | None) -> int | None:
    """Seconds between two looks, None once nothing moves any more. `changed_at`: when somebody last paused it, …."""
    if email.status.goes_out or counts.sending:
        return MOVING_SECONDS
    just_now = changed_at is not None and utcnow() - changed_at < REPORTS_COME_FOR
    if email.status is OutboundStatus.PAUSED and just_now:
        return MOVING_SECONDS  # what was sent before the pause is still being answered and reported
    if not email.status.has_ended:
        return WAITING_SECONDS
    ended, on_their_way = email.finished_at, counts.accepted + counts.sent
    if ended and utcnow() - ended < REPORTS_COME_FOR:
        return MOVING_SECONDS
    return WAITING_SECONDS if on_their_way and ended and utcnow() - ended < LATE_REPORTS_COME_FOR else None


def _not_got(email: Email, failed: Sequence[Failure], counted: Sequence[Counted]) -> tuple[Why, ...]:
    """Failed, bounced and complained, each with what to do."""
    again = tuple(
        Why("failed", each.code, each.title, each.advice, each.count, dialogs.may_retry(email, each)) for each in failed
    )
    return (*again, *_whys(email, Status.BOUNCED, counted), *_whys(email, Status.COMPLAINED, counted))


def _whys(email: Email, status: Status, counted: Sequence[Counted]) -> tuple[Why, ...]:
    found = queries.failures(email, status, counted)
    return tuple(
        Why(status.value, each.code, each.title, each.advice, each.count, can_fill=_can_fill(email, each))
        for each in found
    )


def _can_fill(email: Email, skipped: Failure) -> bool:
    return skipped.code == reasons.MISSING_VARIABLE and can_be_sent_to(email.frozen_at, email.status)


def _button(email: Email, verb: Verb) -> HeadButton:
    return HeadButton(verb, url_for("emails.ask_verb", email_id=email.id, verb=verb.name))

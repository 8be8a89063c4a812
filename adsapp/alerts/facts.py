"""What rules and the first page look at, beyond the figures of queues. Short key ranges and counters, never a count.

The statements are made once and read past the ORM: each open first page asks some of them every few seconds, and the
rules of every organization once a minute.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Select, Table, and_, bindparam, exists, func, or_, select

from adsapp.campaigns.models import Campaign, CampaignEvent, MessageMinute
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.emails.models import Email, EmailEvent, Suppression, SuppressionReason
from adsapp.integrations.models import Account, AccountStatus, EmailAccount, NoticeLevel, ProviderNotice
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.models import StatsHour, StatsMinute, Worker
from adsapp.outbound.statuses import OutboundStatus

LOOK_BACK: Final = 50  # of what is newest, among which is looked for what needs somebody


class TroubledNumber(NamedTuple):
    """A WhatsApp account that is refused, slowed down or out of reach: the columns of `Account` by name."""

    id: uuid.UUID
    name: str
    status: AccountStatus
    status_reason: str | None
    slowed_until: datetime | None
    slowed_reason: str | None
    unreachable_since: datetime | None
    unreachable_at: datetime | None
    unreachable_reason: str | None
    sandbox_url: str | None


TroubledEmail = EmailAccount  # of its columns, those that say what is wrong


class Notice(NamedTuple):
    """What the provider said last about one thing of an account: columns of `ProviderNotice` by name."""

    account_id: uuid.UUID
    kind: str
    about: str
    level: NoticeLevel
    at: datetime
    title: str
    text: str


class Paused(NamedTuple):
    """A paused campaign, why, and the time of the last thing that happened to it. `is_refused`: why is that its account
    is refused, and still is."""

    id: uuid.UUID
    name: str
    status_reason: str | None
    since: datetime | None
    is_refused: bool = False


class Stalled(NamedTuple):
    """A campaign or an e-mail that goes out, and since when its job has done nothing."""

    id: uuid.UUID
    name: str
    since: datetime


class Read(NamedTuple):
    """An import that ended, and what became of its rows."""

    id: uuid.UUID
    file_name: str
    finished_at: datetime
    rows_read: int
    rejected: int


class Ended(NamedTuple):
    """What ended in one minute or hour, in one queue."""

    queue: Queue
    at: datetime
    completed: int
    failed: int
    wait_ms: int
    cancelled: int


class Lost(NamedTuple):
    """A worker process that gave no more sign of life and did not say that it ends."""

    id: uuid.UUID
    host: str
    pid: int
    queues: Sequence[str]
    heartbeat_at: datetime


def troubled_numbers(now: datetime) -> list[TroubledNumber]:
    """WhatsApp accounts that are refused, or slowed down now, or that were out of reach when they were last tried."""
    return [TroubledNumber._make(row) for row in fetch(TROUBLED_NUMBERS, now=now)]


def troubled_emails(now: datetime) -> list[TroubledEmail]:
    """E-mail accounts that are refused, whose quota is used up, or that were out of reach when they were last tried."""
    return [EmailAccount(**dict(row._mapping)) for row in fetch(TROUBLED_EMAILS, now=now)]


def notices(since: datetime) -> list[Notice]:
    """Of what the provider said since then, the newest about each thing, if that is no good news; newest first."""
    newest: dict[tuple[uuid.UUID, str, str], Notice] = {}
    for notice in notices_said(since):
        newest.setdefault((notice.account_id, notice.kind, notice.about), notice)
    return [notice for notice in newest.values() if notice.level is not NoticeLevel.GOOD]


def notices_said(since: datetime) -> list[Notice]:
    """All that the provider said since then, newest first."""
    return [Notice._make(row) for row in fetch(NOTICES, since=since)]


def paused_by_themselves() -> list[Paused]:
    """Campaigns that no person paused, newest first."""
    return [Paused._make(row[:5]) for row in fetch(PAUSED) if not row.by]


def emails_paused_by_themselves(now: datetime) -> list[Paused]:
    """E-mails that no person paused and that do not go on by themselves, newest first."""
    return [Paused._make(row[:5]) for row in fetch(PAUSED_EMAILS, now=now) if not row.by]


def stalled(before: datetime) -> list[Stalled]:
    """Campaigns that go out and whose job, which may run, has done nothing since then."""
    return [Stalled._make(row[:3]) for row in fetch(STALLED, before=before)]


def stalled_emails(before: datetime) -> list[Stalled]:
    """The same of e-mails."""
    return [Stalled._make(row[:3]) for row in fetch(STALLED_EMAILS, before=before)]


def pauses(since: datetime) -> list[datetime]:
    """When campaigns, of the newest ones, paused themselves since then."""
    return [row.at for row in fetch(PAUSES, since=since)]


def imports_ended(since: datetime) -> list[Read]:
    """Of the newest imports those that ended since then, newest first."""
    return [Read._make(row) for row in fetch(IMPORTS_ENDED, since=since)]


def ended_minutes(since: datetime) -> list[Ended]:
    """What ended in each minute since then, by queue."""
    return [Ended._make(row) for row in fetch(ENDED_MINUTES, since=since)]


def ended_hours(since: datetime) -> list[Ended]:
    """What ended in each hour since then, by queue."""
    return [Ended._make(row) for row in fetch(ENDED_HOURS, since=since)]


def messages(since: datetime) -> list[tuple[datetime, int, int]]:
    """Minute, messages that were answered, and how many failed, of all campaigns since then. One that was accepted and
    failed later was answered once."""
    rows = fetch(MESSAGES, since=since)
    return [(row.minute, int(row.accepted) + int(row.refused), int(row.failed)) for row in rows]


def newest_suppressions(since: datetime, most: int) -> list[datetime]:
    """When addresses that bounced, complained or unsubscribed were suppressed since then, newest first; at most so
    many."""
    return [row.created_at for row in fetch(NEW_SUPPRESSIONS, since=since, most=most)]


def lost_workers(since: datetime, before: datetime) -> list[Lost]:
    """Workers whose last sign of life was in that time, and that neither said goodbye nor were told to go."""
    return [Lost._make(row) for row in fetch(LOST, since=since, before=before)]


# --- the statements ---------------------------------------------------------------------------------------------------


def _moment(name: str) -> Any:
    return bindparam(name, type_=MINUTE.minute.type)


def _columns(model: Any) -> Any:
    return cast(Table, model.__table__).c


NUMBERS, SENDERS, TOLD, WORKERS = (_columns(each) for each in (Account, EmailAccount, ProviderNotice, Worker))
CAMPAIGNS, EVENTS, JOBS, IMPORTS = (_columns(each) for each in (Campaign, CampaignEvent, Job, Import))
EMAILS, EMAIL_EVENTS, GONE = (_columns(each) for each in (Email, EmailEvent, Suppression))
MINUTE, HOUR, SENT = (_columns(each) for each in (StatsMinute, StatsHour, MessageMinute))

TROUBLED_NUMBERS = (
    select(*(NUMBERS[name] for name in TroubledNumber._fields))
    .where(
        own_rows(NUMBERS),
        or_(
            NUMBERS.status == AccountStatus.REFUSED,
            NUMBERS.slowed_until > _moment("now"),
            NUMBERS.unreachable_since.is_not(None),
        ),
    )
    .order_by(NUMBERS.name)
)
SHOWN: Final = (
    *("id", "name", "status", "status_reason", "quota_until", "quota_reason"),
    *("unreachable_since", "unreachable_at", "unreachable_reason", "sandbox_url", "removed_at"),
)
TROUBLED_EMAILS = (
    select(*(SENDERS[name] for name in SHOWN))
    .where(
        own_rows(SENDERS),
        SENDERS.removed_at.is_(None),
        or_(
            SENDERS.status == AccountStatus.REFUSED,
            SENDERS.quota_until > _moment("now"),
            SENDERS.unreachable_since.is_not(None),
        ),
    )
    .order_by(SENDERS.name)
)
NOTICES = (
    select(*(TOLD[name] for name in Notice._fields))
    .where(own_rows(TOLD), TOLD.at >= _moment("since"))
    .order_by(TOLD.at.desc(), TOLD.id.desc())
    .limit(LOOK_BACK)
)


def last_event(events: Any, of: Any, its: Any, column: str) -> Any:
    """A column of the last thing that happened to it."""
    last = select(events[column]).where(events.organization_id == of.organization_id, its == of.id)
    return last.order_by(events.id.desc()).limit(1).correlate(of.id.table).scalar_subquery()


def _is_refused(paused: Any, accounts: Any) -> Any:
    """True if it was paused with the very words with which its account is refused."""
    its = (accounts.organization_id == paused.organization_id, accounts.id == paused.account_id)
    refused = exists().where(*its, accounts.status == AccountStatus.REFUSED)
    return refused.where(accounts.status_reason == paused.status_reason).correlate(paused.id.table)


LAST_EVENT = last_event(EVENTS, CAMPAIGNS, EVENTS.campaign_id, "at")
LAST_EMAIL_EVENT = last_event(EMAIL_EVENTS, EMAILS, EMAIL_EVENTS.email_id, "at")
PAUSED = (
    select(
        *(CAMPAIGNS[name] for name in ("id", "name", "status_reason")),
        LAST_EVENT.label("since"),
        _is_refused(CAMPAIGNS, NUMBERS).label("is_refused"),
        last_event(EVENTS, CAMPAIGNS, EVENTS.campaign_id, "by").label("by"),
    )
    .where(own_rows(CAMPAIGNS), CAMPAIGNS.status == OutboundStatus.PAUSED)
    .order_by(CAMPAIGNS.id.desc())
    .limit(LOOK_BACK)
)
_NEWEST_CAMPAIGNS = select(CAMPAIGNS.id).where(own_rows(CAMPAIGNS)).order_by(CAMPAIGNS.id.desc()).limit(LOOK_BACK)
PAUSES = (
    select(EVENTS.at)
    .where(own_rows(EVENTS), EVENTS.campaign_id.in_(_NEWEST_CAMPAIGNS.subquery().select()))
    .where(EVENTS.at >= _moment("since"), EVENTS.by == "", EVENTS.text.startswith("Paused by itself"))
    .order_by(EVENTS.at)
)
PAUSED_EMAILS = (
    select(
        *(EMAILS[name] for name in ("id", "name", "status_reason")),
        LAST_EMAIL_EVENT.label("since"),
        _is_refused(EMAILS, SENDERS).label("is_refused"),
        last_event(EMAIL_EVENTS, EMAILS, EMAIL_EVENTS.email_id, "by").label("by"),
    )
    .where(
        own_rows(EMAILS),
        EMAILS.status == OutboundStatus.PAUSED,
        or_(EMAILS.paused_until.is_(None), EMAILS.paused_until < _moment("now")),
    )
    .order_by(EMAILS.id.desc())
    .limit(LOOK_BACK)
)


def _stalled(what: Any, *going_out: Any) -> Select[Any]:
    """What goes out by a job that may run. What waits for a time, a retry or a person has a delayed job."""
    since = func.coalesce(JOBS.progress_at, JOBS.claimed_at, JOBS.run_at)
    its_job = and_(JOBS.organization_id == what.organization_id, JOBS.id == what.job_id)
    found = select(what.id, what.name, since.label("since")).join_from(what.id.table, JOBS.id.table, its_job)
    return (
        found.where(own_rows(what), what.status.in_(going_out), JOBS.state.in_([State.ACTIVE, State.WAITING]))
        .where(since < _moment("before"), JOBS.blocked_by == 0)
        .order_by(what.id.desc())
        .limit(LOOK_BACK)
    )


STALLED = _stalled(CAMPAIGNS, OutboundStatus.PREPARING, OutboundStatus.SENDING)
STALLED_EMAILS = _stalled(EMAILS, OutboundStatus.PREPARING, OutboundStatus.SENDING)
_NEWEST = select(IMPORTS.id).where(own_rows(IMPORTS)).order_by(IMPORTS.id.desc()).limit(LOOK_BACK)
IMPORTS_ENDED = (
    select(*(IMPORTS[name] for name in Read._fields))
    .where(own_rows(IMPORTS), IMPORTS.id.in_(_NEWEST.subquery().select()))
    .where(IMPORTS.status == ImportStatus.COMPLETED, IMPORTS.finished_at >= _moment("since"))
    .order_by(IMPORTS.id.desc())
)


def _ended(columns: Any, moment: Any) -> Select[Any]:
    """The key is (organization, queue, moment): with the queues named, a look at some time reads that time."""
    figures = (columns[name] for name in ("completed", "failed", "wait_ms", "cancelled"))
    return select(columns.queue, moment.label("at"), *figures).where(
        own_rows(columns), columns.queue.in_(list(Queue)), moment >= _moment("since")
    )


ENDED_MINUTES, ENDED_HOURS = _ended(MINUTE, MINUTE.minute), _ended(HOUR, HOUR.hour)
MESSAGES = (
    select(SENT.minute, *(func.sum(getattr(SENT, name)).label(name) for name in ("accepted", "refused", "failed")))
    .where(own_rows(SENT), SENT.minute >= _moment("since"))
    .group_by(SENT.minute)
    .order_by(SENT.minute)
)
BY_THEMSELVES: Final = (SuppressionReason.BOUNCE, SuppressionReason.COMPLAINT, SuppressionReason.UNSUBSCRIBED)
_NEW = select(GONE.reason, GONE.created_at).where(own_rows(GONE)).order_by(GONE.id.desc()).limit(bindparam("most"))
_NEWLY = _NEW.subquery("newly").c
NEW_SUPPRESSIONS = (
    select(_NEWLY.created_at)
    .where(_NEWLY.reason.in_(BY_THEMSELVES), _NEWLY.created_at >= _moment("since"))
    .order_by(_NEWLY.created_at.desc())
)
LOST = (
    select(*(WORKERS[name] for name in Lost._fields))
    .where(
        WORKERS.stopped_at.is_(None),
        WORKERS.drain_requested_at.is_(None),
        WORKERS.heartbeat_at >= _moment("since"),
        WORKERS.heartbeat_at < _moment("before"),
    )
    .order_by(WORKERS.heartbeat_at.desc())
    .limit(LOOK_BACK)
)

"""What the home page says of e-mail: what goes out, and what needs a person. Two short statements for each look."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, cast

from sqlalchemy import Table, and_, select

from adsapp.alerts import facts
from adsapp.alerts.concerns import Concern, senders
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.words import plural
from adsapp.dashboard.queries import LOOK_BACK, MOST, Running
from adsapp.emails.console.presenter import Funnel, complaints
from adsapp.emails.models import Email, EmailCount
from adsapp.emails.queries import ENDED_JOBS, Counts
from adsapp.jobs import Job
from adsapp.organizations.policy import Permission
from adsapp.outbound.statuses import OutboundStatus

LOST_SHARE: Final = 0.2  # of those it was sent to
LATELY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Lately:
    """An e-mail of the newest ones that is under way, or was lately, with its counts."""

    id: uuid.UUID
    name: str
    status: OutboundStatus
    status_reason: str | None
    paused_until: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    created_by: str
    audience_size: int | None
    counts: Counts

    def is_lately(self, now: datetime) -> bool:
        """True if it was at work within a day."""
        return any(at is not None and at > now - LATELY for at in (self.started_at, self.finished_at))


def lately() -> list[Lately]:
    """Of the newest e-mails those that go on or did lately, newest first, with their counts; one statement."""
    rows: dict[uuid.UUID, Any] = {}
    sums: dict[uuid.UUID, Counter[str]] = {}
    for row in fetch(NEWEST):
        rows[row.id] = row
        if row.recipient_status is not None:
            sums.setdefault(row.id, Counter())[row.recipient_status.value] += row.count
    return [_lately(row, sums.get(row.id, Counter())) for row in rows.values()]


def _lately(row: Any, counted: Counter[str]) -> Lately:
    status = ENDED_JOBS.get(row.state, row.status) if not row.status.has_ended else row.status
    own = {name: getattr(row, name) for name in KEPT if name != "status"}
    return Lately(**own, status=status, counts=Counts(**counted))


def running(found: Sequence[Lately]) -> list[Running]:
    """Those that go out."""
    return [_running(each) for each in found if each.status.goes_out][:MOST]


def _running(email: Lately) -> Running:
    counts = email.counts
    return Running(
        key=f"email-{email.id}",
        kind="E-mail",
        title=email.name,
        url=f"/emails/{email.id}",
        by=email.created_by,
        state="preparing" if email.status is OutboundStatus.PREPARING else "",
        done=counts.done,
        total=email.audience_size,
        failed=counts.failed + counts.bounced,
        failed_word="failed",
        per_second=None,
        seconds_left=None,
    )


def concerns(found: Sequence[Lately], now: datetime) -> Iterator[Concern]:
    """What needs somebody: accounts first."""
    yield from senders(facts.troubled_emails(now), now)
    for email in found:
        yield from _of_email(email, now)


def _of_email(email: Lately, now: datetime) -> Iterator[Concern]:
    here, counts = f"/emails/{email.id}", email.counts
    if email.status is OutboundStatus.PAUSED:
        title, text = f"“{email.name}” is paused", email.status_reason or "No reason was given"
        until = email.paused_until if email.paused_until and email.paused_until > now else None
        title = f"{title} until" if until else title
        yield Concern("warning", "player-pause", title, text, until=until, action="Open the e-mail", url=here)
    if counts.uncertain:
        are = "is" if counts.uncertain == 1 else "are"
        title = f"{plural(counts.uncertain, 'e-mail')} of “{email.name}” {are} uncertain"
        text = "Resend gave no answer for a day. Nobody is sent twice unless you say so."
        yield Concern("bad", "alert-triangle", title, text, action="Settle them", url=here, needs=Permission.SEND)
    if not email.is_lately(now):
        return
    if share := complaints(counts):
        title, text = (
            f"{share} marked “{email.name}” as spam",
            "Above 0.1 % mailbox providers begin to refuse a sender.",
        )
        yield Concern(
            "warning", "alert-triangle", title, text, action="See who complained", url=f"{here}?status=complained"
        )
    tried, lost = Funnel(counts).tried, counts.failed + counts.bounced
    if lost and lost >= tried * LOST_SHARE:
        title = f"{lost:,} of {plural(tried, 'e-mail')} of “{email.name}” did not arrive"
        kind = "bad" if lost * 2 > tried else "warning"
        text = "Its page says why, and what can be done about each reason."
        yield Concern(kind, "alert-circle", title, text, action="See why", url=f"{here}#failures")


# --- the statements, made once: every poll of every open home page reads them -----------------------------------

EMAILS, COUNTS, JOBS = (cast(Table, model.__table__).c for model in (Email, EmailCount, Job))
KEPT: Final = (
    *("id", "name", "status", "status_reason", "paused_until"),
    *("started_at", "finished_at", "created_by", "audience_size"),
)
_NEWEST = select(EMAILS.id).where(own_rows(EMAILS)).order_by(EMAILS.id.desc()).limit(LOOK_BACK)
NEWEST = (
    select(*(EMAILS[name] for name in KEPT), JOBS.state, COUNTS.status.label("recipient_status"), COUNTS.count)
    .select_from(
        cast(Table, Email.__table__)
        .outerjoin(
            cast(Table, EmailCount.__table__),
            and_(COUNTS.organization_id == EMAILS.organization_id, COUNTS.email_id == EMAILS.id),
        )
        .outerjoin(
            cast(Table, Job.__table__), and_(JOBS.organization_id == EMAILS.organization_id, JOBS.id == EMAILS.job_id)
        )
    )
    .where(own_rows(EMAILS), EMAILS.id.in_(_NEWEST.subquery().select()))
    .order_by(EMAILS.id.desc())
)

"""The daily digest: what went out against the week before, what went wrong and why, what is due today, what waits for
a decision. Each member gets it at an hour of their own day, once a day.

The day is that of the member's zone: on a day on which the clock is moved it comes once, too.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from adsapp.alerts import concerns, facts
from adsapp.alerts.models import AlertIncident
from adsapp.campaigns.models import Campaign, MessageMinute
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import context, db
from adsapp.core.words import plural
from adsapp.emails.models import Email, EmailMinute
from adsapp.jobs.queries.statistics import queue_stats
from adsapp.notifications import digest_times, service
from adsapp.notifications.letters import Digest
from adsapp.notifications.models import DigestTime
from adsapp.outbound.statuses import OutboundStatus
from adsapp.schedules import coming, presenter
from adsapp.schedules import queries as schedules
from adsapp.schedules.models import Schedule
from adsapp.schedules.words import joined

MOST: Final = 10  # of one kind, in a mail that is read in the morning
NAMED: Final = 3  # runs of one schedule that are told one by one
WEEK: Final = timedelta(days=7)
EMPTY: Final = "Nothing went out, nothing failed, nothing waits for you."


@dataclass(frozen=True)
class Span:
    """One whole day of somebody's zone, in UTC."""

    start: datetime
    end: datetime

    @classmethod
    def of(cls, day: date, zone: ZoneInfo) -> "Span":
        starts = (datetime.combine(each, time(), zone) for each in (day, day + timedelta(days=1)))
        return cls(*(moment.astimezone(UTC) for moment in starts))


def send_due(now: datetime) -> int:
    """Send it to those members of the bound organization whose hour has come; how many. Commits."""
    sent = 0
    for due in digest_times.due(now):
        if digest_times.take(due, now):
            sent += _send(due, now)
        db.session.commit()
    return sent


def _send(due: DigestTime, now: datetime) -> bool:
    letter = digest_of(ZoneInfo(due.zone), now)
    if letter.empty and not due.on_empty_days:
        return False
    service.tell(due.user_id, letter)
    return True


def digest_of(zone: ZoneInfo, now: datetime) -> Digest:
    """The digest of the day that ended last in this zone."""
    today = now.astimezone(zone).date()
    yesterday = today - timedelta(days=1)
    went = list(_figures(Span.of(yesterday, zone), Span.of(yesterday - WEEK, zone)))
    wrong, waits = list(_wrong(Span.of(yesterday, zone).start)), list(_waits(now))
    due = list(_due(Span.of(today, zone), now, zone))
    is_empty = not (went or wrong or due or waits)
    return Digest(
        period=f"on {yesterday:%A, %d %B}",
        lines=tuple(went),
        url=context.settings().base_url,
        wrong=tuple(wrong),
        due=tuple(due),
        waits=tuple(waits),
        empty=EMPTY if is_empty else "",
    )


def _figures(day: Span, before: Span) -> Iterator[tuple[str, str]]:
    """Words and figures of what went out; none if nothing did on either day."""
    kinds: tuple[tuple[Any, Sequence[tuple[str, str]]], ...] = (
        (MessageMinute, (("accepted", "Messages sent"), ("delivered", "Delivered"), ("failed", "Failed"))),
        (EmailMinute, (("accepted", "E-mails sent"), ("delivered", "Delivered"), ("bounced", "Bounced"))),
    )
    for table, names in kinds:
        now, then = (_sums(table, [name for name, _ in names], span) for span in (day, before))
        if any(now) or any(then):
            for (_, words), count, earlier in zip(names, now, then, strict=True):
                yield words, f"{count:,} ({earlier:,} a week before)"


def _sums(table: Any, names: Sequence[str], span: Span) -> list[int]:
    sums = [func.sum(getattr(table, name)) for name in names]
    row = db.session.execute(select(*sums).where(table.minute >= span.start, table.minute < span.end)).one()
    return [int(each or 0) for each in row]


def _wrong(since: datetime) -> Iterator[str]:
    """Alerts that began since then, each with its reason."""
    began = select(AlertIncident).where(AlertIncident.opened_at >= since).order_by(AlertIncident.id).limit(MOST)
    for incident in db.session.scalars(began):
        state = "over" if incident.resolved_at else "still so"
        yield f"{incident.title} ({state}). {incident.text}"


def _due(today: Span, now: datetime, zone: ZoneInfo) -> Iterator[str]:
    """What goes out today by itself."""
    kinds: tuple[tuple[Any, Any, str], ...] = (
        (Campaign, OutboundStatus.SCHEDULED, "Campaign"),
        (Email, OutboundStatus.SCHEDULED, "E-mail"),
    )
    for table, scheduled, word in kinds:
        wanted = select(table.name, table.scheduled_at).where(table.status == scheduled, table.scheduled_at < today.end)
        for row in db.session.execute(wanted.order_by(table.scheduled_at).limit(MOST)):
            late = "" if row.scheduled_at >= now else ", overdue"
            yield f"{word} “{row.name}” at {row.scheduled_at.astimezone(zone):%H:%M}{late}"
    for schedule in schedules.due_before(today.end, MOST):
        if runs := coming.within(schedule, max(now, today.start), today.end, NAMED + 1):
            yield f"Schedule “{schedule.name}”: {_times(schedule, runs, zone)}"


def _times(schedule: Schedule, runs: Sequence[datetime], zone: ZoneInfo) -> str:
    if len(runs) > NAMED:
        return f"{presenter.in_words(schedule)} ({schedule.time_zone})"
    return f"at {joined(f'{run.astimezone(zone):%H:%M}' for run in runs)}"


def _waits(now: datetime) -> Iterator[str]:
    """What a person has to decide."""
    for concern in concerns.failed_jobs(queue_stats()):
        yield f"{concern.title}. {concern.text}"
    for each in [*facts.paused_by_themselves(), *facts.emails_paused_by_themselves(now)][:MOST]:
        yield f"“{each.name}” is paused: {each.status_reason or 'no reason was given'}"
    for concern in concerns.overdue_schedules(schedules.overdue(MOST)):
        yield f"{concern.title}. {concern.text}"
    mapping = select(Import.file_name).where(Import.status == ImportStatus.MAPPING, Import.created_at > now - WEEK)
    names = db.session.scalars(mapping.order_by(Import.id.desc()).limit(MOST)).all()
    if names:
        yield f"{plural(len(names), 'file')} uploaded and not imported: {', '.join(f'“{name}”' for name in names)}"

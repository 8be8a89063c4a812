"""What needs a person, each with its reason, its age and the next step. Empty is the good news."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adsapp.core.words import plural
from adsapp.dashboard import emails, queries
from adsapp.dashboard.emails import Lately
from adsapp.integrations.models import AccountStatus, NoticeLevel
from adsapp.integrations.queries import why_refused, why_unreachable
from adsapp.jobs import Queue
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries.statistics import QueueStats
from adsapp.jobs.queries.workers import start_command
from adsapp.jobs.registry import kind
from adsapp.organizations.policy import Permission
from adsapp.schedules import queries as schedules

NAMES = 3  # of files in one line, of schedules below each other
NOTICE_LASTS = timedelta(days=7)


@dataclass(frozen=True)
class Concern:
    """One line of "Needs attention"; kind is warning or bad."""

    kind: str
    icon: str
    title: str
    text: str
    since: datetime | None = None
    until: datetime | None = None  # goes behind the title
    action: str = ""
    url: str = ""
    post: str = ""  # where the action is sent, if it is not a link; for those who may manage
    needs: Permission = Permission.SEE  # what following the link asks for
    only_for: Permission = Permission.SEE  # who is told, if others can neither do nor learn anything by it


def concerns(
    queues: Sequence[QueueStats], paused: Sequence[queries.Paused], lately: Sequence[Lately], now: datetime
) -> list[Concern]:
    """Everything that needs somebody, the gravest first. `lately` are the newest e-mails."""
    uncertain, failing = queries.troubled_campaigns(now - timedelta(days=1))
    found = [
        *_workers(queues),
        *_accounts(now),
        *_notices(now),
        *_paused_queues(queues),
        *_paused_kinds(queues),
        *_paused_campaigns(paused),
        *_overdue_schedules(),
        *_uncertain(uncertain),
        *_failing_campaigns(failing),
        *(Concern(**vars(each)) for each in emails.concerns(lately, now)),
        *_failed_jobs(queues),
        *_imports(now),
    ]
    return sorted(found, key=lambda concern: concern.kind != "bad")


def _workers(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    lacking = [stats for stats in queues if stats.lacks_worker]
    if not lacking:
        return
    since = min((stats.waiting_since for stats in lacking if stats.waiting_since), default=None)
    waiting = sum(stats.of("waiting") for stats in lacking)
    start = start_command([stats.queue for stats in lacking])
    text = f"{plural(waiting, 'job waits', 'jobs wait') if waiting else 'No job waits yet'}. Start one with: {start}"
    yield Concern(
        "bad", "server-2", f"No worker is running{_for(lacking)}", text, since, action="See the jobs", url="/jobs"
    )


def _for(lacking: Sequence[QueueStats]) -> str:
    if len(lacking) == len(Queue):
        return ""
    return " for " + " and ".join(QUEUE_TITLES[stats.queue] for stats in lacking)


def _accounts(now: datetime) -> Iterator[Concern]:
    for account in queries.troubled_accounts(now):
        if account.status == AccountStatus.REFUSED:
            title = f"WhatsApp refuses “{account.name}”"
            text = f"{why_refused(account.status_reason)} Then resume its campaigns."
            url = f"/settings/whatsapp?account={account.id}"
            yield Concern(
                "bad", "plug-connected-x", title, text, action="Open the settings", url=url, needs=Permission.ADMINISTER
            )
        silent = why_unreachable(account, now)
        if silent is not None:
            yield Concern(
                "bad", "plug-connected-x", f"{silent.title} from “{account.name}”", silent.text, silent.since,
                action="See the campaigns", url="/campaigns",
            )  # fmt: skip
        if account.slowed_until and account.slowed_until > now:
            text = f"{account.slowed_reason or 'The provider asked for less'}. Nothing is lost; it speeds up by itself."
            yield Concern("warning", "clock", f"“{account.name}” is slowed until", text, until=account.slowed_until)


def _notices(now: datetime) -> Iterator[Concern]:
    """What WhatsApp said of accounts and templates, until it says something better or a week has passed."""
    for notice in queries.notices(now - NOTICE_LASTS):
        is_template = notice.kind.startswith("template")
        action, url = ("Templates", "/templates") if is_template else ("Campaigns", "/campaigns")
        kind = "bad" if notice.level is NoticeLevel.BAD else "warning"
        yield Concern(kind, "alert-triangle", notice.title, notice.text, notice.at, action=action, url=url)


def _paused_campaigns(paused: Sequence[queries.Paused]) -> Iterator[Concern]:
    for each in paused:
        reason = each.status_reason or "No reason was given"
        title, url = f"“{each.name}” is paused", f"/campaigns/{each.id}"
        yield Concern("warning", "player-pause", title, reason, each.since, action="Open the campaign", url=url)


def _overdue_schedules() -> Iterator[Concern]:
    for each in schedules.overdue(NAMES):
        text = f"{each.state_reason or 'It is later than its grace'}."
        yield Concern(
            "bad",
            "calendar-time",
            f"The schedule “{each.name}” waits for your word",
            text,
            each.due_since,
            action="Open the schedule",
            url=f"/schedules/{each.id}",
        )


def _paused_queues(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    for stats in queues:
        pause = stats.pause
        if pause is None:
            continue
        waiting = stats.of("waiting")
        stuck = f" {plural(waiting, 'job waits', 'jobs wait')}." if waiting else ""
        yield Concern(
            "warning",
            "player-pause",
            f"The queue {QUEUE_TITLES[stats.queue]} is paused",
            f"By {pause.by}: {pause.reason.rstrip('.')}.{stuck}",
            pause.paused_at,
            action="Resume the queue",
            post=f"/queues/{stats.queue.value}/resume",
        )


def _paused_kinds(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    for stats in queues:
        for pause in stats.paused_kinds:
            yield Concern(
                "warning",
                "player-pause",
                f"{kind(pause.processor).quoted_title} is paused{' until' if pause.paused_until else ''}",
                f"In the queue {QUEUE_TITLES[stats.queue]}, by {pause.by}: {pause.reason.rstrip('.')}.",
                pause.paused_at,
                pause.paused_until,
                action="Open the queue",
                url=f"/queues/{stats.queue.value}",
            )


def _failing_campaigns(failing: Sequence[queries.Failing]) -> Iterator[Concern]:
    for each in failing:
        which = "The one message" if each.tried == 1 else f"{each.failed:,} of {each.tried:,} messages"
        title = f"{which} of “{each.name}” failed"
        text = "The campaign says why, and what can be done about each reason."
        kind = "bad" if each.failed * 2 > each.tried else "warning"
        yield Concern(
            kind, "alert-circle", title, text, action="See why", url=f"/campaigns/{each.campaign_id}#failures"
        )


def _uncertain(uncertain: Sequence[queries.Uncertain]) -> Iterator[Concern]:
    for each in uncertain:
        title = f"{plural(each.count, 'message')} of “{each.name}” {'is' if each.count == 1 else 'are'} uncertain"
        text = "The request may or may not have arrived. Nobody is sent twice unless you say so."
        yield Concern(
            "bad",
            "alert-triangle",
            title,
            text,
            action="Settle them",
            url=f"/campaigns/{each.campaign_id}",
            needs=Permission.SEND,
        )


def _failed_jobs(queues: Sequence[QueueStats]) -> Iterator[Concern]:
    # What failed today and was retried since needs nobody, and what failed long ago has been seen.
    if not any(stats.failed_today and stats.of("failed") for stats in queues):
        return
    total, today = sum(stats.of("failed") for stats in queues), sum(stats.failed_today for stats in queues)
    where = ", ".join(f"{QUEUE_TITLES[one.queue]} {one.of('failed'):,}" for one in queues if one.of("failed"))
    title = f"{plural(total, 'failed job waits', 'failed jobs wait')} for a decision"
    times = "one failure" if today == 1 else f"{today:,} failures"
    text = f"{where}; {times} in the last 24 hours. Each job says why, and can be retried."
    yield Concern("warning", "alert-circle", title, text, action="See the failed jobs", url="/jobs?state=failed")


def _imports(now: datetime) -> Iterator[Concern]:
    """One line for all uploads that nobody has begun, so that files looked at once bury nothing else."""
    waiting = queries.imports_not_begun(now - timedelta(days=7))
    if not waiting:
        return
    newest = waiting[0]
    if len(waiting) == 1:
        title, url, action = (
            f"“{newest.file_name}” was uploaded and not imported",
            f"/imports/{newest.id}",
            "Continue the import",
        )
        text = "Check its columns and import it, or discard it."
    else:
        more = "" if len(waiting) < queries.LOOK_BACK else " or more"
        title, url, action = f"{len(waiting)}{more} files were uploaded and not imported", "/imports", "See the files"
        names = ", ".join(f"“{each.file_name}”" for each in waiting[:NAMES])
        text = f"{names}{' and others' if len(waiting) > NAMES else ''}. Import or discard them."
    yield Concern(
        "warning",
        "file-import",
        title,
        text,
        newest.created_at,
        action=action,
        url=url,
        needs=Permission.MANAGE,
        only_for=Permission.MANAGE,
    )

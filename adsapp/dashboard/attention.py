"""What needs a person, each with its reason, its age and the next step. Empty is the good news.

What a rule of alerts looks at, too, is said in its words (`alerts.concerns`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from adsapp.alerts import concerns as shared
from adsapp.alerts import facts
from adsapp.alerts import queries as alerts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.facts import Paused
from adsapp.alerts.models import AlertIncident
from adsapp.alerts.rules import RULES
from adsapp.alerts.words import PILLS
from adsapp.core.words import plural
from adsapp.dashboard import emails, queries
from adsapp.dashboard.emails import Lately
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries.statistics import QueueStats
from adsapp.jobs.registry import kind
from adsapp.organizations.policy import Permission
from adsapp.schedules import queries as schedules

NAMES = 3  # of files in one line, of schedules below each other
NOTICE_LASTS = timedelta(days=7)
LOOKED_AT_HERE = frozenset(  # rules whose things are listed here one by one, at once and not a minute later
    {
        "no_worker",
        "job_failed",
        "token_refused",
        "quality_down",
        "template_changed",
        "campaign_paused",
        "message_failures",
        "schedule_overdue",
    }
)


def concerns(
    queues: Sequence[QueueStats], paused: Sequence[Paused], lately: Sequence[Lately], now: datetime
) -> list[Concern]:
    """Everything that needs somebody, the gravest first. `lately` are the newest e-mails."""
    uncertain, failing = queries.troubled_campaigns(now - timedelta(days=1))
    incidents = alerts.list_open()
    found = [
        *shared.no_worker(queues),
        *shared.numbers(facts.troubled_numbers(now), now),
        *shared.notices(facts.notices(now - NOTICE_LASTS)),
        *_paused_queues(queues),
        *_paused_kinds(queues),
        *shared.paused_campaigns(paused),
        *shared.overdue_schedules(schedules.overdue(NAMES)),
        *_uncertain(uncertain),
        *_failing_campaigns(failing),
        *emails.concerns(lately, now),
        *shared.failed_jobs(queues),
        *_imports(now),
        *_alerts(incidents),
    ]
    return sorted(_with_who_cares(found, incidents), key=lambda concern: concern.kind != "bad")


def _with_who_cares(found: Sequence[Concern], incidents: Sequence[AlertIncident]) -> Iterator[Concern]:
    """Whose alert somebody has taken on says so here, too, or a second person begins on it."""
    carers = {key: each.acknowledged_by for each in incidents if each.acknowledged_at for key in each.keys}
    for concern in found:
        yield replace(concern, looked_after_by=carers.get(concern.key, "")) if concern.key else concern


def _alerts(incidents: Sequence[AlertIncident]) -> Iterator[Concern]:
    """Whatever else the bell counts: what the other rules found, until it is over or somebody has taken it on."""
    for each in incidents:
        if each.kind in LOOKED_AT_HERE or each.acknowledged_at is not None:
            continue
        icon = RULES[each.kind].icon if each.kind in RULES else "alert-triangle"
        yield Concern(PILLS[each.severity], icon, each.title, each.text, each.since, action=each.action, url=each.url)


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

"""Rules about jobs, queues and workers."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from adsapp.alerts import concerns, facts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Course, Facts, Finding, Measure, Rule, Was, rolling
from adsapp.core import db
from adsapp.core.words import plural, sentence, span
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries.statistics import QueueStats
from adsapp.jobs.wait_reasons import alive_since

LEAST_ENDED: Final = 20  # a share of fewer says nothing
LONGEST_ERROR: Final = 300


def _failed(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for stats in now.queues:
        _, failed = now.ended_in(stats.queue, conditions.window_minutes)
        # What was retried since needs nobody.
        standing = min(failed, stats.of("failed"))
        if standing and conditions.is_over(standing, was=stats.queue.value in was):
            yield Finding(stats.queue.value, _failed_concern(stats, standing, conditions), standing)


def _failed_concern(stats: QueueStats, failed: int, conditions: Conditions) -> Concern:
    last = db.session.execute(
        select(Job.title, Job.error, Job.finished_at)
        .where(Job.queue == stats.queue, Job.state == State.FAILED)
        .order_by(Job.id.desc())
        .limit(1)
    ).first()
    why = f" The newest, “{last.title}”: {sentence((last.error or 'no reason given')[:LONGEST_ERROR])}" if last else ""
    title = f"{plural(failed, 'job')} failed for good in {QUEUE_TITLES[stats.queue]}"
    return Concern(
        "bad",
        "alert-circle",
        title,
        f"In the last {span(conditions.window_minutes)}.{why} Each job says why, and can be retried.",
        last.finished_at if last else None,
        action="See the failed jobs",
        url=f"/jobs?state=failed&queue={stats.queue.value}",
    )


def _past_failed(since: datetime, until: datetime, conditions: Conditions) -> Course:
    rows = facts.ended_minutes(since)
    return {
        queue.value: rolling([(each.at, each.failed) for each in rows if each.queue is queue], conditions.window)
        for queue in Queue
    }


def _waits(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for stats in now.queues:
        if stats.waiting_since is None or stats.pause is not None or stats.lacks_worker:
            continue  # these have reasons of their own, which are told
        if stats.paused_count >= stats.of("waiting"):
            continue  # all that waits is of kinds that are paused
        minutes = (now.now - stats.waiting_since).total_seconds() / 60
        if conditions.is_over(minutes, was=stats.queue.value in was):
            yield Finding(stats.queue.value, _wait_concern(stats, minutes), max(1, stats.of("waiting")))


def _wait_concern(stats: QueueStats, minutes: float) -> Concern:
    waiting, active = stats.of("waiting"), stats.of("active")
    text = (
        f"{plural(waiting, 'job waits', 'jobs wait')}, {plural(active, 'runs', 'run')}. More workers or threads for "
        "this queue shorten the wait, as does a higher priority for what matters."
    )
    title = f"A job has waited {span(int(minutes))} in {QUEUE_TITLES[stats.queue]}"
    url = f"/queues/{stats.queue.value}"
    return Concern("warning", "hourglass", title, text, stats.waiting_since, action="Open the queue", url=url)


def _past_waits(since: datetime, until: datetime, conditions: Conditions) -> Course:
    found: dict[str, list[tuple[datetime, float]]] = {}
    for row in facts.ended_minutes(since):
        ended = row.completed + row.failed + row.cancelled
        if ended:
            course = found.setdefault(row.queue.value, [])
            course += [(row.at, row.wait_ms / ended / 60_000), (row.at + timedelta(minutes=1), 0.0)]
    return {queue: sorted(course) for queue, course in found.items()}


def _share(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for queue in Queue:
        completed, failed = now.ended_in(queue, conditions.window_minutes)
        ended = completed + failed
        if ended < LEAST_ENDED:
            continue
        share = 100 * failed / ended
        if conditions.is_over(share, was=queue.value in was):
            yield Finding(queue.value, _share_concern(queue, failed, ended, conditions), failed)


def _share_concern(queue: Queue, failed: int, ended: int, conditions: Conditions) -> Concern:
    title = f"{100 * failed / ended:.0f} % of the jobs of {QUEUE_TITLES[queue]} failed"
    text = f"{failed:,} of {ended:,} in the last {span(conditions.window_minutes)}. The newest ones say why."
    url = f"/jobs?state=failed&queue={queue.value}"
    return Concern("bad", "alert-circle", title, text, action="See the failed jobs", url=url)


def _past_share(since: datetime, until: datetime, conditions: Conditions) -> Course:
    rows = facts.ended_minutes(since)
    return {
        queue.value: shares(
            [(row.at, row.completed + row.failed, row.failed) for row in rows if row.queue is queue], conditions
        )
        for queue in Queue
    }


def shares(
    rows: Sequence[tuple[datetime, int, int]], conditions: Conditions, least: int = LEAST_ENDED
) -> list[tuple[datetime, float]]:
    """The share of failures over a moving window, in percent, of moments with how many there were and how many of them
    failed; 0 where there were too few."""
    of = dict(rolling([(at, float(count)) for at, count, _ in rows], conditions.window))
    bad = dict(rolling([(at, float(ill)) for at, _, ill in rows], conditions.window))  # both change at the same moments
    return [(at, share(bad[at], of[at]) if max(of[at], bad[at]) >= least else 0.0) for at in sorted(of)]


def share(bad: float, of: float) -> float:
    """In percent. Of things that began before the window and failed in it, more may fail than began: all of them."""
    return 100 * bad / max(of, bad)


def _no_worker(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for stats in now.queues:
        for concern in concerns.no_worker([stats]):
            yield Finding(stats.queue.value, concern)


def _lost(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for worker in facts.lost_workers(now.now - conditions.window, alive_since(now.now)):
        queues = " and ".join(QUEUE_TITLES[Queue(each)] for each in worker.queues)
        text = (
            f"It worked on {queues} and gave no sign of life any more, nor did it say that it ends. Its jobs were "
            "given to others. Look at the machine's log and memory."
        )
        title = f"The worker {worker.host}-{worker.pid} was lost"
        concern = Concern(
            "warning", "plug-connected-x", title, text, worker.heartbeat_at, action="See the workers", url="/workers"
        )
        yield Finding(str(worker.id), concern)


FAILED = Rule(
    kind="job_failed",
    title="A job failed for good",
    text="Jobs that failed at their last attempt and still wait for a decision.",
    icon="alert-circle",
    look=_failed,
    together="Jobs failed for good in {} queues",
    all_url="/jobs?state=failed",
    all_action="See the failed jobs",
    usual=Conditions(threshold=1, clears_at=0, window_minutes=60),
    measure=Measure("Failed jobs", "jobs", 1, 100_000, "Over when at most", one="job"),
    has_window=True,
    past=_past_failed,
    past_note="Whether somebody retried them meanwhile is not known; they count here all the same.",
)
WAIT = Rule(
    kind="oldest_wait",
    title="A job waits too long",
    text="The oldest job of a queue that is not paused and has workers.",
    icon="hourglass",
    look=_waits,
    together="Jobs wait too long in {} queues",
    all_url="/jobs?state=waiting",
    all_action="See the waiting jobs",
    usual=Conditions(threshold=15, clears_at=5),
    measure=Measure("Oldest wait", "minutes", 1, 10_000, "Over when at most", one="minute"),
    past=_past_waits,
    past_note="Kept is the average wait of the jobs that ended in each minute; the longest may have been longer.",
)
SHARE = Rule(
    kind="failure_share",
    title="Too many jobs fail",
    text=f"The share of a queue's jobs that failed, of at least {LEAST_ENDED} that ended.",
    icon="alert-circle",
    look=_share,
    together="Too many jobs fail in {} queues",
    all_url="/jobs?state=failed",
    all_action="See the failed jobs",
    usual=Conditions(threshold=20, clears_at=10, window_minutes=60, severity=Severity.CRITICAL),
    measure=Measure("Failed share", "%", 1, 100, "Over when at most"),
    has_window=True,
    past=_past_share,
)
NO_WORKER = Rule(
    kind="no_worker",
    title="No worker is running",
    text="A queue that is not paused and that nobody works on.",
    icon="server-2",
    look=_no_worker,
    together="No worker is running for {} queues",
    all_url="/jobs",
    all_action="See the jobs",
    usual=Conditions(for_minutes=2, severity=Severity.CRITICAL),
)
LOST = Rule(
    kind="worker_lost",
    title="A worker was lost",
    text="A worker process that gave no more sign of life and did not say that it ends.",
    icon="plug-connected-x",
    look=_lost,
    together="{} workers were lost",
    all_url="/workers",
    all_action="See the workers",
    usual=Conditions(window_minutes=30),
    has_window=True,
)
RULES = (FAILED, WAIT, SHARE, NO_WORKER, LOST)

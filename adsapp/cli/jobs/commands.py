"""`adsapp jobs …`: the queue manager on the command line."""

import sys
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import organization_option
from adsapp.cli.errors import CommandFailed, line_of
from adsapp.cli.jobs import inspecting, queues, workers
from adsapp.cli.jobs import operations as bulk
from adsapp.cli.jobs.operations import wait_option
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.cli.tables import JOB_ID, first_line, minute, since, table
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Problem
from adsapp.jobs import Job, Queue, State, service
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries import statistics
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.health import Health, check_health
from adsapp.jobs.registry import kind
from adsapp.jobs.states import FINAL, get_queue
from adsapp.jobs.wait_reasons import run_conditions

ERROR_WIDTH = 80
COLUMNS = ("waiting", "paused", "active", "delayed", "completed", "failed", "cancelled", "total")
HEAD = ("queue", *("(paused)" if name == "paused" else name for name in COLUMNS))
FOOT = "(paused): those of the waiting jobs that a pause holds back. The total counts them once."

queue_option = click.option("--queue", default="", help="Jobs of this queue only.")


@click.group()
def jobs() -> None:
    """Queues, jobs and workers.

    Look, retry, cancel, pause, limit, clean, drain.
    """


for command in (
    inspecting.list_jobs,
    inspecting.show_job,
    queues.pause,
    queues.resume,
    queues.limit,
    workers.workers,
    workers.drain,
):
    jobs.add_command(command)


@jobs.command()
@organization_option
@json_option
def health(slug: str, as_json: bool) -> None:
    """Is work done here? Exits with 1 and the reasons if it is not."""
    with inside(slug), db.reading():
        found = check_health()
        show(found.as_json(), _health_text(found), as_json)
    if found.reasons:
        raise CommandFailed("; ".join(found.reasons))


def _health_text(found: Health) -> str:
    rows = [
        (
            stats.queue.value,
            stats.workers or ("none needed" if stats.pause else "NONE"),
            stats.of("waiting"),
            stats.of("active"),
            since(stats.waiting_since, found.now),
            _pauses(stats),
        )
        for stats in found.queues
    ]
    verdict = "Not healthy" if found.reasons else "Healthy"
    return f"{verdict}\n{table(('queue', 'workers', 'waiting', 'active', 'oldest wait', 'paused'), rows)}"


def _pauses(stats: statistics.QueueStats) -> str:
    """By whom and why: the queue's own pause, else those of single kinds of job."""
    if stats.pause:
        return f"by {stats.pause.by}: {stats.pause.reason}"
    return (
        "; ".join(f"{kind(one.processor).quoted_title} by {one.by}: {one.reason}" for one in stats.paused_kinds) or "–"
    )


@jobs.command()
@organization_option
@click.option("--days", type=click.IntRange(1, statistics.MOST_DAYS), help="Also what ended on each of so many days.")
@json_option
def stats(slug: str, days: int | None, as_json: bool) -> None:
    """How many jobs of each queue are in which state.

    `paused` counts the waiting jobs that a pause holds back.
    """
    with inside(slug), db.reading():
        conditions = run_conditions()
        queues = {one.queue.value: _row(one) for one in statistics.queue_stats(conditions, {})}
        ended = [asdict(day) for day in statistics.history(days, conditions.now)] if days else []
    parts = [table(HEAD, [(name, *row.values()) for name, row in queues.items()]) + f"\n{FOOT}"]
    if days:
        names = ("day", "queue", "completed", "failed", "cancelled")
        rows = [tuple(day[name] for name in names) for day in ended]
        parts.append(table(names, rows) if rows else f"Nothing ended {_in_days(days)}.")
    show({"queues": queues} | ({"history": ended} if days else {}), "\n\n".join(parts), as_json)


def _in_days(days: int) -> str:
    return "today (UTC)" if days == 1 else f"in the last {days} days"


def _row(one: statistics.QueueStats) -> dict[str, int]:
    apart = {"paused": one.paused_count, "total": one.total}
    return {name: apart[name] if name in apart else one.of(name) for name in COLUMNS}


@jobs.command()
@organization_option
@queue_option
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many.")
@json_option
def failed(slug: str, queue: str, limit: int, as_json: bool) -> None:
    """The jobs that failed, newest first.

    Each with its id, when it failed, queue, title and error; --json has the whole error.
    """
    with inside(slug), db.reading():
        page = job_queries.list_jobs(JobFilters(state=State.FAILED, queue=_queue(queue)), limit=limit)
        conditions = run_conditions()
        shown = {"jobs": [job_json(job, conditions) for job in page.items], "next": page.next}
        rows = [
            (job.id, minute(job.finished_at), job.queue.value, job.title, first_line(job.error, ERROR_WIDTH))
            for job in page.items
        ]
    text = table(("id", "failed at (UTC)", "queue", "title", "error"), rows) if rows else "No job has failed."
    show(shown, text, as_json)


@jobs.command()
@click.argument("job_ids", metavar="[JOB_ID]...", type=JOB_ID, nargs=-1)
@organization_option
@click.option("--all-failed", is_flag=True, help="Every failed job, as one operation in the background.")
@queue_option
@wait_option
@json_option
def retry(job_ids: Sequence[uuid.UUID], slug: str, all_failed: bool, queue: str, waits: bool, as_json: bool) -> None:
    """Begin failed or cancelled jobs again.

    Those named, all or none of them; or, with --all-failed, every one that failed.
    """
    if bool(job_ids) == all_failed:
        raise click.UsageError("name the jobs, or say --all-failed")
    with inside(slug):
        if all_failed:
            filters = JobFilters(state=State.FAILED, queue=_queue(queue))
            bulk.run_operation("retry", filters=filters, waits=waits, as_json=as_json)
            return
        _each(slug, job_ids, lambda job: service.retry(job, BY), as_json)


@jobs.command()
@click.argument("job_ids", metavar="JOB_ID...", type=JOB_ID, nargs=-1, required=True)
@organization_option
@json_option
def cancel(job_ids: Sequence[uuid.UUID], slug: str, as_json: bool) -> None:
    """Cancel jobs.

    All or none of those named; one that runs stops within seconds.
    """
    with inside(slug):
        _each(slug, job_ids, lambda job: service.cancel(job, BY), as_json)


@jobs.command()
@click.argument("job_id", type=JOB_ID)
@organization_option
@json_option
def promote(job_id: uuid.UUID, slug: str, as_json: bool) -> None:
    """Run a delayed job now."""
    with inside(slug):
        _each(slug, [job_id], lambda job: service.run_now(job, BY), as_json)


@jobs.command()
@click.argument("job_id", type=JOB_ID)
@click.argument("priority", type=int)
@organization_option
@json_option
def priority(job_id: uuid.UUID, priority: int, slug: str, as_json: bool) -> None:
    """Change a job's priority: 1 critical, 2 high, 3 normal, 4 low."""
    with inside(slug):
        _each(slug, [job_id], lambda job: service.set_priority(job, priority, BY), as_json)


def _each(slug: str, job_ids: Sequence[uuid.UUID], act: Callable[[Job], object], as_json: bool) -> None:
    """Do it to each of the jobs, in one transaction; the first that refuses stops all."""
    found = [_job(slug, job_id) for job_id in dict.fromkeys(job_ids)]
    for job in found:
        title = job.title
        try:
            act(job)
        except Problem as error:
            kept = "" if len(found) == 1 else ". Nothing was changed"
            raise CommandFailed(f"{job.id} ({title}): {line_of(error)}{kept}") from None
    db.session.commit()
    facts = [{"id": str(j.id), "title": j.title, "state": _state(j), "priority": j.priority} for j in found]
    lines = [f"{j.title}: {_state(j)}, priority {j.priority}" for j in found]
    show(facts[0] if len(facts) == 1 else {"jobs": facts}, "\n".join(lines), as_json)


def _state(job: Job) -> str:
    return "stopping" if job.is_stopping else job.state.value


@jobs.command()
@organization_option
@click.option("--state", required=True, type=click.Choice(sorted(state.value for state in FINAL)), help="Which jobs.")
@click.option("--older-than-days", "days", required=True, type=click.IntRange(0, 36500), help="That ended so long ago.")
@queue_option
@click.option("--routine", is_flag=True, help="Routine work too, such as reports from WhatsApp.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@wait_option
@json_option
def clean(slug: str, state: str, days: int, queue: str, routine: bool, yes: bool, waits: bool, as_json: bool) -> None:
    """Remove finished jobs by age.

    In the background. How they ended stays in the history, and jobs of campaigns, e-mails and imports stay as long as
    those.
    """
    with inside(slug):
        filters = JobFilters(state=State(state), queue=_queue(queue), routine=routine)
        looked_at = utcnow()
        with db.read_only():
            matching = operations.preview("clean", filters=filters, older_than_days=days)
            stays = bulk_run.kept_summary(filters, days)
        if not matching.count:
            text = f"No job is that old; nothing to remove. {stays}".rstrip()
            show({"job": None, "matching": 0}, text, as_json)
            return
        what = f"{matching} {state} {'job' if str(matching) == '1' else 'jobs'}"
        _confirm(f"Remove {what} that ended more than {days} days ago? {stays}".rstrip(), yes)
        shown = {"asked_at": looked_at, "confirmed": None if matching.more else matching.count}
        bulk.run_operation("clean", filters=filters, older_than_days=days, waits=waits, as_json=as_json, **shown)


def _confirm(question: str, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise CommandFailed(f"{question} Say --yes, or run this at a terminal to be asked.", 2)
    click.confirm(question, abort=True, err=True)


def _queue(name: str) -> Queue | None:
    return get_queue(name) if name else None


def _job(slug: str, job_id: uuid.UUID) -> Job:
    job = db.session.get(Job, job_id)
    if job is None:
        raise CommandFailed(f"{slug} has no job {job_id}")
    return job

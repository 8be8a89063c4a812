"""`adsapp jobs list|show`: the jobs of an organization, and one job with its whole story."""

import uuid
from collections.abc import Iterator

import click

from adsapp.cli.admin import organization_option
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.cli.tables import JOB_ID, first_line, minute, table
from adsapp.core import db
from adsapp.jobs import Job, Priority
from adsapp.jobs.api.serializers import attempt_json, event_json, job_json
from adsapp.jobs.console.presenter import headline, tries
from adsapp.jobs.console.timeline import Event, timeline
from adsapp.jobs.events import actions_on
from adsapp.jobs.labels import PRIORITY_WORDS
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.lines import JobLine
from adsapp.jobs.wait_reasons import WaitReason, run_conditions, why_waiting

HEAD = ("id", "queued (UTC)", "state", "queue", "title", "what holds it back")
NOTE_WIDTH = 60


@click.command("list")
@organization_option
@click.option("--state", default="", help="Only those in this state: waiting, active, delayed, failed, …")
@click.option("--queue", default="", help="Jobs of this queue only.")
@click.option("--search", default="", help="Words in the title.")
@click.option("--routine", is_flag=True, help="Routine work too, such as reports from WhatsApp.")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="At most so many.")
@click.option("--cursor", default="", help="Where the page before ended: its `next`.")
@json_option
def list_jobs(
    slug: str, state: str, queue: str, search: str, routine: bool, limit: int, cursor: str, as_json: bool
) -> None:
    """Jobs, newest first.

    Each with its id, state, queue, title and what holds it back; --json has everything.
    """
    asked = {"state": state, "queue": queue, "q": search, "routine": "1" if routine else ""}
    with inside(slug), db.reading():
        page = job_queries.list_jobs(JobFilters.from_query(asked), cursor, limit)
        conditions = run_conditions()
        shown = {"jobs": [job_json(job, conditions) for job in page.items], "next": page.next}
        rows = [_line(job, why_waiting(job, conditions)) for job in page.items]
    text = table(HEAD, rows) if rows else "No job matches."
    show(shown, text + (f"\nOlder ones: --cursor {page.next}" if page.next else ""), as_json)


def _line(job: Job | JobLine, reason: WaitReason | None) -> tuple[object, ...]:
    obstacle = first_line(str(reason) if reason else job.error, NOTE_WIDTH)
    return (job.id, minute(job.created_at), _state(job), job.queue.value, job.title, obstacle)


@click.command("show")
@click.argument("job_id", type=JOB_ID)
@organization_option
@json_option
def show_job(job_id: uuid.UUID, slug: str, as_json: bool) -> None:
    """One job: how far it is, why it waits, its story.

    The story has its attempts, what people did to it and each end that it had.
    """
    with inside(slug), db.reading():
        job = job_queries.get_job(job_id)
        attempts, reason = job_queries.attempts(job), why_waiting(job)
        done = actions_on(job)
        events = timeline(job, attempts, done, reason)
        history = {"attempts": [attempt_json(each) for each in attempts], "events": [event_json(each) for each in done]}
        facts = job_json(job)
        text = "\n".join([*_head(job, reason), "", *(line for event in events for line in _told(event))])
    show(facts | history, text, as_json)


def _head(job: Job, reason: WaitReason | None) -> Iterator[str]:
    yield f"{job.title} ({job.processor})"
    yield f"{_state(job)}, attempt {tries(job)}, {job.queue.value}, priority {PRIORITY_WORDS[Priority(job.priority)]}"
    yield f"progress: {headline(job)}" + (f", {job.progress_failed:,} failed" if job.progress_failed else "")
    if reason:
        yield f"why it waits: {reason}"
    if job.error:
        yield f"error: {job.error}"


def _state(job: Job | JobLine) -> str:
    return "stopping" if job.is_stopping else job.state.value


def _told(event: Event) -> Iterator[str]:
    at = f"{event.at:%Y-%m-%d %H:%M:%S}" if event.at else "now"
    yield f"{at:19}  {event.title}{f', {note}' if (note := event.note.rstrip(',')) else ''}"
    if event.text:
        yield f"{'':19}  {event.text}"

"""`adsapp jobs …`: the queue manager on the command line."""

import uuid
from datetime import timedelta

import click

from adsapp.cli.admin import find_organization, organization_option
from adsapp.cli.output import Told, json_option, open_app, show
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import service
from adsapp.jobs.models import Job
from adsapp.jobs.states import Queue, State, get_queue
from adsapp.jobs.statistics import counted

BY = "command line"


@click.group()
def jobs() -> None:
    """Queues and jobs of an organization."""


@jobs.command()
@organization_option
@json_option
def stats(slug: str, as_json: bool) -> None:
    """How many jobs stand where, by queue."""
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        counts = counted()
        table = {queue.value: {state.value: counts[queue, state] for state in State} for queue in Queue}
    head = f"{'queue':22}" + "".join(f"{state.value:>11}" for state in State)
    lines = [f"{name:22}" + "".join(f"{count:>11}" for count in row.values()) for name, row in table.items()]
    show(table, "\n".join([head, *lines]), as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@organization_option
@json_option
def cancel(job_id: uuid.UUID, slug: str, as_json: bool) -> None:
    """Cancel a job; one that runs stops within seconds."""
    with open_app().app_context():
        job = _job(slug, job_id)
        service.cancel(job, by=BY)
        db.session.commit()
        state = "stopping" if job.is_stopping else job.state.value
        show({"id": job.id, "state": state}, f"{job.title}: {state}", as_json)


@jobs.command()
@click.argument("job_id", type=click.UUID)
@organization_option
@json_option
def retry(job_id: uuid.UUID, slug: str, as_json: bool) -> None:
    """Begin a failed or cancelled job again."""
    with open_app().app_context():
        job = _job(slug, job_id)
        service.retry(job, by=BY)
        db.session.commit()
        show({"id": job.id, "state": job.state}, f"{job.title}: {job.state.value}", as_json)


@jobs.command()
@click.argument("queue")
@organization_option
@click.option("--reason", required=True, help="Why, for those who look at it.")
@click.option("--hours", type=float, help="Resume by itself after so long.")
@json_option
def pause(queue: str, slug: str, reason: str, hours: float | None, as_json: bool) -> None:
    """Pause a queue for an organization; running jobs go on."""
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        until = utcnow() + timedelta(hours=hours) if hours else None
        service.pause_queue(get_queue(queue), by=BY, reason=reason, until=until)
        db.session.commit()
    show({"queue": queue, "paused": True}, f"{queue} is paused.", as_json)


@jobs.command()
@click.argument("queue")
@organization_option
@json_option
def resume(queue: str, slug: str, as_json: bool) -> None:
    """Let a paused queue go on."""
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        service.resume_queue(get_queue(queue))
        db.session.commit()
    show({"queue": queue, "paused": False}, f"{queue} goes on.", as_json)


def _job(slug: str, job_id: uuid.UUID) -> Job:
    db.bind_organization(find_organization(slug).id)
    job = db.session.get(Job, job_id)
    if job is None:
        raise Told(f"{slug} has no job {job_id}")
    return job

"""Starting an operation over many jobs from the command line, and watching it to its end."""

import sys
import time
import uuid
from typing import Any

import click

from adsapp.cli.actor import BY
from adsapp.cli.errors import CommandFailed
from adsapp.cli.output import show
from adsapp.core import db
from adsapp.jobs import Job, State
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.bulk import operations, target
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.wait_reasons import WaitReason, why_waiting

LOOK_EVERY_SECONDS = 0.3
BAR_WIDTH = 32

wait_option = click.option("--wait", "waits", is_flag=True, help="Show its progress until it has ended.")


def run_operation(verb: str, *, waits: bool, as_json: bool, **options: Any) -> None:
    """Start the operation, say so, and with `waits` watch it; CommandFailed if it did not complete."""
    job = operations.start(verb, by=BY, **options)
    db.session.commit()
    if not waits:
        text = f"{job.title}: started as job {job.id}. Watch it with --wait next time, or on its page /jobs/{job.id}."
        show({"job": job_json(job)}, text, as_json)
        return
    ended = watch(job.id, quiet=as_json)
    show({"job": job_json(ended)}, f"{ended.title}: {ended.state.value}. {_outcome(verb, ended)}", as_json)
    if ended.state != State.COMPLETED:
        raise CommandFailed(f"the operation was {ended.state.value}: {ended.error or 'see its page'}")


def _outcome(verb: str, ended: Job) -> str:
    # One that was stopped has no result, yet what it did until then is done.
    done = {"removed" if verb == target.BulkAction.CLEAN else "changed": ended.progress_done}
    return bulk_run.result_summary(ended.result or done) or ""


def watch(job_id: uuid.UUID, *, quiet: bool) -> Job:
    """Look at the job until it has ended, with a bar on standard error; why it waits is said once."""
    bar = _Bar(quiet)
    while True:
        job, reason = _look(job_id)
        bar.show(job, reason)
        if job.is_finished:
            bar.end()
            return job
        time.sleep(LOOK_EVERY_SECONDS)


def _look(job_id: uuid.UUID) -> tuple[Job, WaitReason | None]:
    with db.read_only():  # nothing is held while nobody looks
        job = job_queries.get_job(job_id)
        reason = why_waiting(job)
        db.session.expunge(job)
    return job, reason


class _Bar:
    def __init__(self, quiet: bool) -> None:
        self._draws = sys.stderr.isatty() and not quiet
        self._told = ""

    def show(self, job: Job, reason: WaitReason | None) -> None:
        """The bar, and a new reason why the job waits."""
        if reason and reason.code in ("no_worker", "paused") and reason.text != self._told:
            self._told = reason.text
            click.echo(f"adsapp: it waits: {reason}", err=True)
        if self._draws:
            sys.stderr.write(f"\r{_bar(job)}\x1b[K")
            sys.stderr.flush()

    def end(self) -> None:
        """Leave the bar's line."""
        if self._draws:
            sys.stderr.write("\n")


def _bar(job: Job) -> str:
    total = job.progress_total or 0
    filled = BAR_WIDTH if job.state == State.COMPLETED else BAR_WIDTH * job.progress_done // total if total else 0
    figures = f"{job.progress_done:,} of {total:,}" if total else f"{job.progress_done:,}"
    return f"[{'#' * min(filled, BAR_WIDTH):<{BAR_WIDTH}}] {figures} {job.state.value}"

"""Views of one job, and of what may be done to it."""

import uuid
from collections.abc import Callable
from functools import partial

from flask import flash, request
from flask.typing import ResponseReturnValue

from adsapp.core.errors import Conflict
from adsapp.core.inputs import whole_number
from adsapp.core.web.confirmation import Confirmation, Shown, ask, it_was
from adsapp.core.web.pages import render, render_fragment
from adsapp.core.web.urls import url_for
from adsapp.jobs import rules, service
from adsapp.jobs.console import dialogs, presenter
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.presenter import JobPage
from adsapp.jobs.labels import PRIORITY_WORDS
from adsapp.jobs.models import Job
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.states import Priority
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


@views.get("/jobs/<uuid:job_id>")
@allow(Permission.SEE)
def show_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """One job."""
    return render(JobPage.of(job_queries.get_job(job_id), current_actor()))


@views.get("/jobs/<uuid:job_id>/live")
@allow(Permission.SEE)
def live(job_id: uuid.UUID) -> ResponseReturnValue:
    """The live part of a job's page."""
    return render_fragment(JobPage.of(job_queries.get_job(job_id), current_actor()))


@views.get("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def ask_to_cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    return ask(dialogs.cancel_job(job_queries.get_job(job_id)))


@views.post("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """Stop it, or ask the worker to."""
    job = job_queries.get_job(job_id)
    cancelled = service.cancel(job, current_actor().by(request.form.get("reason", "").strip()[:200]))
    flash(f"{job.title}: {_in_words(cancelled, job)}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


def _in_words(done: service.Cancelled, job: Job) -> str:
    """What came of a cancellation, and no more than is certain."""
    if done.already:
        return f"{job.cancel_requested_by} asked it to stop already; it stops soon, unless it ends first"
    return "the worker is asked to stop; it may end first" if done.stopping else "cancelled"


@views.get("/jobs/<uuid:job_id>/retries")
@allow(Permission.SEND)
def ask_to_retry(job_id: uuid.UUID) -> ResponseReturnValue:
    """What beginning again means, and how many people it messages."""
    job = job_queries.get_job(job_id)
    return ask(dialogs.retry_job(job, presenter.granted(job), service.reach([job])))


@views.post("/jobs/<uuid:job_id>/retries")
@allow(Permission.SEND)
def retry(job_id: uuid.UUID) -> ResponseReturnValue:
    """Begin it again; if it messages people, once their exact number was confirmed."""
    job = job_queries.get_job(job_id)
    people = service.reach([job]) if rules.may_retry(job) else None
    if (again := _to_confirm(people, partial(dialogs.retry_job, job, presenter.granted(job)))) is not None:
        return again
    service.retry(job, current_actor().by())
    flash(f"{job.title} begins again, with {presenter.granted(job)}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.get("/jobs/<uuid:job_id>/run")
@allow(Permission.SEND)
def ask_to_run(job_id: uuid.UUID) -> ResponseReturnValue:
    """What running it before its time means, and how many people it messages."""
    job = job_queries.get_job(job_id)
    return ask(dialogs.run_job(job, service.reach([job])))


@views.post("/jobs/<uuid:job_id>/run")
@allow(Permission.SEND)
def run_now(job_id: uuid.UUID) -> ResponseReturnValue:
    """Run a delayed job at once; likewise."""
    job = job_queries.get_job(job_id)
    people = service.reach([job]) if rules.may_run_now(job) else None
    if (again := _to_confirm(people, partial(dialogs.run_job, job))) is not None:
        return again
    service.run_now(job, current_actor().by())
    flash(f"{job.title} runs now", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


def _to_confirm(people: int | None, question: Callable[[int | None], Confirmation]) -> ResponseReturnValue | None:
    """The question, if it messages people and not just that many were confirmed; None if it may be done."""
    shown = Shown.read(request.form)
    if people is None or shown.people == str(people):
        return None
    asked = question(people)
    if not shown.people:
        return ask(asked)
    return ask(asked.asked_again(it_was(shown.people, f"{people:,}", "people"))), Conflict.status


@views.get("/jobs/<uuid:job_id>/priority")
@allow(Permission.SEND)
def ask_for_priority(job_id: uuid.UUID) -> ResponseReturnValue:
    """The dialog's choice, as a page of its own."""
    return ask(dialogs.prioritize_job(job_queries.get_job(job_id)))


@views.post("/jobs/<uuid:job_id>/priority")
@allow(Permission.SEND)
def set_priority(job_id: uuid.UUID) -> ResponseReturnValue:
    """Another place in the queue."""
    job = job_queries.get_job(job_id)
    before, wanted = job.priority, whole_number("priority", request.form.get("priority", ""), 1, 4)
    service.set_priority(job, wanted or 0, current_actor().by())
    words = f"{PRIORITY_WORDS[Priority(before)]} → {PRIORITY_WORDS[Priority(job.priority)]}"
    flash(f"{job.title}: priority {words}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))

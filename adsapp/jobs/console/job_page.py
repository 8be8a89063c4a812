"""Pages: the list of jobs, and one job with what may be done to it."""

import json
import uuid
from typing import Any

from flask import flash, render_template, request
from flask.typing import ResponseReturnValue

from adsapp.core.pagination import Page
from adsapp.core.web.htmx import fragment, version_of
from adsapp.core.web.urls import url_for
from adsapp.jobs import rules, service
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.bulk.target import PROCESSOR
from adsapp.jobs.console import presenter
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.forms import whole_number
from adsapp.jobs.console.timeline import story
from adsapp.jobs.events import actions_on
from adsapp.jobs.labels import PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.lines import AnyJob
from adsapp.jobs.models import Job
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.items import first_items
from adsapp.jobs.queries.relations import relations
from adsapp.jobs.redaction import mask_number, redact
from adsapp.jobs.registry import ItemRow, kind
from adsapp.jobs.states import Priority
from adsapp.jobs.wait_reasons import RunConditions, run_conditions, why_waiting
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

ITEMS_SHOWN = 20


@views.get("/jobs/<uuid:job_id>")
@allow(Permission.SEE)
def show_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """One job."""
    job = job_queries.get_job(job_id)
    return render_template("jobs/job.html", **_job(job))


@views.get("/jobs/<uuid:job_id>/live")
@allow(Permission.SEE)
def live(job_id: uuid.UUID) -> ResponseReturnValue:
    """The live part of a job's page."""
    return fragment("jobs/_job.html", **_job(job_queries.get_job(job_id)))


@views.get("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def ask_to_cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    job = job_queries.get_job(job_id)
    return render_template("jobs/cancel.html", job=job, is_over_then=bool(kind(job.processor).final_if_cancelled))


@views.post("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """Stop it, or ask the worker to."""
    job = job_queries.get_job(job_id)
    service.cancel(job, current_actor().by(request.form.get("reason", "").strip()[:200]))
    flash(f"{job.title}: {'the worker is asked to stop' if job.is_stopping else 'cancelled'}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.post("/jobs/<uuid:job_id>/retries")
@allow(Permission.SEND)
def retry(job_id: uuid.UUID) -> ResponseReturnValue:
    """Begin it again."""
    job = job_queries.get_job(job_id)
    service.retry(job, current_actor().by())
    flash(f"{job.title} begins again, with {presenter.granted(job)}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.post("/jobs/<uuid:job_id>/run")
@allow(Permission.SEND)
def run_now(job_id: uuid.UUID) -> ResponseReturnValue:
    """Run a delayed job at once."""
    job = job_queries.get_job(job_id)
    service.run_now(job, current_actor().by())
    flash(f"{job.title} runs now", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.get("/jobs/<uuid:job_id>/priority")
@allow(Permission.SEND)
def ask_for_priority(job_id: uuid.UUID) -> ResponseReturnValue:
    """The dialog's choice, as a page of its own."""
    return render_template("jobs/priority.html", job=job_queries.get_job(job_id), priorities=PRIORITY_WORDS)


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


def _version_key(job: AnyJob) -> tuple[object, ...]:
    return (job.id, job.state, job.attempt, job.is_stopping, job.progress_done, job.progress_failed, job.progress_total)


def _job(job: Job) -> dict[str, Any]:
    """What the page shows; what people did to the job is read when it is drawn, and only where they did something."""
    attempts, conditions = job_queries.attempts(job), run_conditions()
    found, whole = first_items(job, "failed", ITEMS_SHOWN), current_actor().sees_numbers
    shown: Page[ItemRow] = found or Page([], None)
    reason, family = why_waiting(job, conditions), relations(job)
    seen = (_version_key(job), job.progress_at, job.priority, job.steered_at, reason, family.version_key)
    version = version_of(*seen, len(attempts), len(shown.items), shown.next)
    return {
        "job": job,
        "attempts": attempts,
        "reason": reason,
        "pace": presenter.pace(job, attempts),
        "events": lambda: story(job, attempts, actions_on(job), reason),
        "kind": kind(job.processor).title,
        "headline": presenter.headline(job),
        "bar": presenter.bar(job),
        "items": shown,
        "mask": lambda key: mask_number(key, whole=whole),
        "related": presenter.related(job) if found else None,  # no link to what is gone
        "titles": QUEUE_TITLES,
        "priorities": PRIORITY_WORDS,
        "family": family,
        "tries": presenter.tries(job),
        "granted": presenter.granted(job),
        "is_over_then": bool(kind(job.processor).final_if_cancelled),
        "over": rules.why_not_retriable(job),
        "resume": _resume(job, conditions),
        "manages": current_actor().may(Permission.MANAGE),
        "data": _pretty(presenter.data(job, whole=whole)),
        "result_summary": bulk_run.result_summary(job.result) if job.result and job.processor == PROCESSOR else None,
        "result": _pretty(redact(job.result, whole=whole)) if job.result else None,
        "may_act": current_actor().may(Permission.SEND),
        "can": {
            "cancel": rules.may_cancel(job),
            "retry": rules.may_retry(job),
            "run_now": rules.may_run_now(job),
            "prioritize": rules.may_prioritize(job),
        },
        "as_of": conditions.now,
        "version": version,
        "live_url": None if job.is_finished else url_for("jobs.live", job_id=job.id, version=version),
    }


def _resume(job: Job, conditions: RunConditions) -> dict[str, str]:
    """What the button that ends the pause sends: the queue's own pause goes before that of a kind."""
    is_kind = job.queue not in conditions.pauses and (job.queue, job.processor) in conditions.kinds
    back = {"back": url_for("jobs.show_job", job_id=job.id)}
    return back | ({"processor": job.processor} if is_kind else {})


def _pretty(value: Any) -> str | None:
    return None if value is None else json.dumps(value, indent=2, ensure_ascii=False)

"""Pages: the list of jobs, and one job with what may be done to it."""

import json
import uuid
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.htmx import fragment, version_of
from adsapp.core.pagination import Page
from adsapp.core.urls import url_for
from adsapp.jobs import actions, carrying, presenting, queries, service
from adsapp.jobs.events import steerings
from adsapp.jobs.filters import JobFilters
from adsapp.jobs.forms import back_or, whole_number
from adsapp.jobs.items import first_items
from adsapp.jobs.json import percent
from adsapp.jobs.listing import AnyJob
from adsapp.jobs.models import Job
from adsapp.jobs.operations import MEANT, PROCESSOR, Verb
from adsapp.jobs.redaction import mask_number, redact
from adsapp.jobs.registry import ItemRow, bare_title, over_once_cancelled
from adsapp.jobs.relations import relations
from adsapp.jobs.states import FINAL, Priority, State
from adsapp.jobs.story import story
from adsapp.jobs.waiting import Circumstances, circumstances, why_waiting
from adsapp.jobs.words import PRIORITY_WORDS, QUEUE_TITLES
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("jobs", __name__)

ITEMS_SHOWN = 20
VERBS = (Verb.RETRY, Verb.CANCEL, Verb.PRIORITIZE)
STATES = (State.ACTIVE, State.WAITING, State.DELAYED, State.FAILED, State.COMPLETED, State.CANCELLED)


@views.get("/jobs")
@allow(Permission.SEE)
def list_jobs() -> ResponseReturnValue:
    """The list, narrowed by state, queue and words of the title."""
    return list_page()


@views.get("/jobs/rows")
@allow(Permission.SEE)
def rows() -> ResponseReturnValue:
    """The live part of the list."""
    return fragment("jobs/_rows.html", **_list())


@views.get("/jobs/<uuid:job_id>")
@allow(Permission.SEE)
def show_job(job_id: uuid.UUID) -> ResponseReturnValue:
    """One job."""
    job = queries.get_job(job_id)
    return render_template("jobs/job.html", **_job(job))


@views.get("/jobs/<uuid:job_id>/live")
@allow(Permission.SEE)
def live(job_id: uuid.UUID) -> ResponseReturnValue:
    """The live part of a job's page."""
    return fragment("jobs/_job.html", **_job(queries.get_job(job_id)))


@views.get("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def ask_to_cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    job = queries.get_job(job_id)
    return render_template("jobs/cancel.html", job=job, is_over_then=bool(over_once_cancelled(job.processor)))


@views.post("/jobs/<uuid:job_id>/cancel")
@allow(Permission.SEND)
def cancel(job_id: uuid.UUID) -> ResponseReturnValue:
    """Stop it, or ask the worker to."""
    job = queries.get_job(job_id)
    actions.cancel(job, current_actor().name, request.form.get("reason", "").strip()[:200])
    flash(f"{job.title}: {'the worker is asked to stop' if job.is_stopping else 'cancelled'}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.post("/jobs/<uuid:job_id>/retries")
@allow(Permission.SEND)
def retry(job_id: uuid.UUID) -> ResponseReturnValue:
    """Begin it again."""
    job = queries.get_job(job_id)
    actions.retry(job, current_actor().name)
    flash(f"{job.title} begins again, with {presenting.granted(job)}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.post("/jobs/<uuid:job_id>/run")
@allow(Permission.SEND)
def run_now(job_id: uuid.UUID) -> ResponseReturnValue:
    """Run a delayed job at once."""
    job = queries.get_job(job_id)
    actions.run_now(job, current_actor().name)
    flash(f"{job.title} runs now", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


@views.get("/jobs/<uuid:job_id>/priority")
@allow(Permission.SEND)
def ask_for_priority(job_id: uuid.UUID) -> ResponseReturnValue:
    """The dialog's choice, as a page of its own."""
    return render_template("jobs/priority.html", job=queries.get_job(job_id), priorities=PRIORITY_WORDS)


@views.post("/jobs/<uuid:job_id>/priority")
@allow(Permission.SEND)
def set_priority(job_id: uuid.UUID) -> ResponseReturnValue:
    """Another place in the queue."""
    job = queries.get_job(job_id)
    before, wanted = job.priority, whole_number("priority", request.form.get("priority", ""), 1, 4)
    actions.set_priority(job, wanted or 0, current_actor().name)
    words = f"{PRIORITY_WORDS[Priority(before)]} → {PRIORITY_WORDS[Priority(job.priority)]}"
    flash(f"{job.title}: priority {words}", "good")
    return done(url_for("jobs.show_job", job_id=job_id))


def list_page(**more: Any) -> str:
    """The list as the query asks for it; `not_ticked` is what to do first, where ticked rows were asked for."""
    return render_template("jobs/list.html", **_list(), **more)


def done(otherwise: str) -> ResponseReturnValue:
    """Commit, and back to the URL the button stood on."""
    db.session.commit()
    return redirect(back_or(request.form.get("back", ""), otherwise), 303)


def _list() -> dict[str, Any]:
    filters = JobFilters.from_query(request.args)
    cursor, newest = request.args.get("cursor", ""), request.args.get("newest", "")
    page = queries.list_lines(filters, cursor, newest=newest)
    around = circumstances()
    newest = newest or (str(page.items[0].id) if page.items and not cursor else "")
    fresh = queries.count_newer(filters, newest) if newest and not cursor else 0
    counts = queries.count_by_state(filters)
    waits = {job.id: why_waiting(job, around) for job in page.items}
    version = version_of([_face(job) for job in page.items], waits, fresh, counts, page.next)
    place: dict[str, Any] = {"cursor": cursor} if cursor else {"newest": newest}
    verbs = _verbs(filters) if page.items else []
    may_tick = {job.id for job in page.items if any(actions.fits(verb, job) for verb in verbs)}
    return {
        "filters": filters,
        "jobs": page.items,
        "next_url": url_for("jobs.list_jobs", **filters.as_query(cursor=page.next)) if page.next else None,
        "first_url": url_for("jobs.list_jobs", **filters.as_query()) if cursor else None,
        "list_url": url_for("jobs.list_jobs", **filters.as_query()),
        "routine_url": url_for("jobs.list_jobs", **filters.as_query(routine="" if filters.routine else "1")),
        "fresh": fresh,
        "fresh_more": fresh >= queries.NEW_ROWS_COUNTED,
        "counts": counts,
        "waits": waits,
        "version": version,
        "live_url": url_for("jobs.rows", **filters.as_query(**place, version=version)),
        "as_of": around.now,
        "states": STATES,
        "titles": QUEUE_TITLES,
        "queue_options": [("", "All queues"), *((queue.value, title) for queue, title in QUEUE_TITLES.items())],
        "percent": percent,
        "chip": lambda state: url_for("jobs.list_jobs", **filters.as_query(state=state)),
        "tries": presenting.tries,
        "here": filters.as_query(cursor=cursor),
        "verbs": [verb.value for verb in verbs],
        "may_tick": may_tick,
        "ticks": bool(may_tick),
        "matching": None if filters.search else _total(filters, counts),
        "window": queries.WINDOW,
        "clean_url": url_for("jobs.ask_to_clean", **filters.as_query(state=_final(filters), q="", routine="")),
        "retry_all_url": url_for("jobs.ask_to_act", **filters.as_query(verb="retry", scope="all", state="failed")),
    }


def _verbs(filters: JobFilters) -> list[Verb]:
    """What can be done to ticked rows of this list; nothing for those who only look."""
    if not current_actor().may(Permission.SEND):
        return []
    return [verb for verb in VERBS if filters.state is None or filters.state in MEANT[verb]]


def _total(filters: JobFilters, counts: queries.StateCounts) -> int:
    return counts.of[filters.state] if filters.state else sum(counts.of.values())


def _final(filters: JobFilters) -> str:
    return filters.state.value if filters.state in FINAL else State.COMPLETED.value


def _face(job: AnyJob) -> tuple[object, ...]:
    return (job.id, job.state, job.attempt, job.is_stopping, job.progress_done, job.progress_failed, job.progress_total)


def _job(job: Job) -> dict[str, Any]:
    """What the page shows; what people did to the job is read when it is drawn, and only where they did something."""
    attempts, around = queries.attempts(job), circumstances()
    found, whole = first_items(job, "failed", ITEMS_SHOWN), current_actor().sees_numbers
    shown: Page[ItemRow] = found or Page([], None)
    reason, family = why_waiting(job, around), relations(job)
    seen = (_face(job), job.progress_at, job.priority, job.steered_at, reason, family.face)
    version = version_of(*seen, len(attempts), len(shown.items), shown.next)
    return {
        "job": job,
        "attempts": attempts,
        "reason": reason,
        "pace": presenting.pace(job, attempts),
        "events": lambda: story(job, attempts, steerings(job), reason),
        "kind": bare_title(job.processor),
        "headline": presenting.headline(job),
        "bar": presenting.bar(job),
        "items": shown,
        "mask": lambda key: mask_number(key, whole=whole),
        "related": presenting.related(job) if found else None,  # no link to what is gone
        "titles": QUEUE_TITLES,
        "priorities": PRIORITY_WORDS,
        "family": family,
        "tries": presenting.tries(job),
        "granted": presenting.granted(job),
        "is_over_then": bool(over_once_cancelled(job.processor)),
        "over": service.why_over(job),
        "resume": _resume(job, around),
        "manages": current_actor().may(Permission.MANAGE),
        "data": _pretty(presenting.data(job, whole=whole)),
        "came": carrying.in_words(job.result) if job.result and job.processor == PROCESSOR else None,
        "result": _pretty(redact(job.result, whole=whole)) if job.result else None,
        "may_act": current_actor().may(Permission.SEND),
        "can": {
            "cancel": actions.may_cancel(job),
            "retry": actions.may_retry(job),
            "run_now": actions.may_run_now(job),
            "prioritize": actions.may_prioritize(job),
        },
        "as_of": around.now,
        "version": version,
        "live_url": None if job.is_finished else url_for("jobs.live", job_id=job.id, version=version),
    }


def _resume(job: Job, around: Circumstances) -> dict[str, str]:
    """What the button that ends the pause sends: the queue's own pause goes before that of a kind."""
    is_kind = job.queue not in around.pauses and (job.queue, job.processor) in around.kinds
    back = {"back": url_for("jobs.show_job", job_id=job.id)}
    return back | ({"processor": job.processor} if is_kind else {})


def _pretty(value: Any) -> str | None:
    return None if value is None else json.dumps(value, indent=2, ensure_ascii=False)

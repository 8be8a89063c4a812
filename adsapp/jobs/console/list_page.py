"""The list of jobs, narrowed by state, queue and words of the title."""

from typing import Any

from flask import render_template, request
from flask.typing import ResponseReturnValue

from adsapp.core.web.htmx import fragment, version_of
from adsapp.core.web.urls import url_for
from adsapp.jobs import service
from adsapp.jobs.api.serializers import percent
from adsapp.jobs.bulk.target import APPLIES_TO, BulkAction
from adsapp.jobs.console import presenter
from adsapp.jobs.console.blueprint import views
from adsapp.jobs.console.job_page import _version_key
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import FINAL, State
from adsapp.jobs.wait_reasons import run_conditions, why_waiting
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

VERBS = (BulkAction.RETRY, BulkAction.CANCEL, BulkAction.PRIORITIZE)


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


def list_page(**more: Any) -> str:
    """The list as the query asks for it; `not_ticked` is what to do first, where ticked rows were asked for."""
    return render_template("jobs/list.html", **_list(), **more)


def _list() -> dict[str, Any]:
    filters = JobFilters.from_query(request.args)
    cursor, newest = request.args.get("cursor", ""), request.args.get("newest", "")
    page = job_queries.list_lines(filters, cursor, newest=newest)
    conditions = run_conditions()
    newest = newest or (str(page.items[0].id) if page.items and not cursor else "")
    fresh = job_queries.count_newer(filters, newest) if newest and not cursor else 0
    counts = job_queries.count_by_state(filters)
    waits = {job.id: why_waiting(job, conditions) for job in page.items}
    version = version_of([_version_key(job) for job in page.items], waits, fresh, counts, page.next)
    place: dict[str, Any] = {"cursor": cursor} if cursor else {"newest": newest}
    verbs = _verbs(filters) if page.items else []
    may_tick = {job.id for job in page.items if any(service.fits(verb, job) for verb in verbs)}
    return {
        "filters": filters,
        "jobs": page.items,
        "next_url": url_for("jobs.list_jobs", **filters.as_query(cursor=page.next)) if page.next else None,
        "first_url": url_for("jobs.list_jobs", **filters.as_query()) if cursor else None,
        "list_url": url_for("jobs.list_jobs", **filters.as_query()),
        "routine_url": url_for("jobs.list_jobs", **filters.as_query(routine="" if filters.routine else "1")),
        "fresh": fresh,
        "fresh_more": fresh >= job_queries.NEW_ROWS_COUNTED,
        "counts": counts,
        "waits": waits,
        "version": version,
        "live_url": url_for("jobs.rows", **filters.as_query(**place, version=version)),
        "as_of": conditions.now,
        "states": STATES,
        "titles": QUEUE_TITLES,
        "queue_options": [("", "All queues"), *((queue.value, title) for queue, title in QUEUE_TITLES.items())],
        "percent": percent,
        "chip": lambda state: url_for("jobs.list_jobs", **filters.as_query(state=state)),
        "tries": presenter.tries,
        "here": filters.as_query(cursor=cursor),
        "verbs": [verb.value for verb in verbs],
        "may_tick": may_tick,
        "ticks": bool(may_tick),
        "matching": None if filters.search else _total(filters, counts),
        "window": job_queries.WINDOW,
        "clean_url": url_for("jobs.ask_to_clean", **filters.as_query(state=_final(filters), q="", routine="")),
        "retry_all_url": url_for("jobs.ask_to_act", **filters.as_query(verb="retry", scope="all", state="failed")),
    }


def _verbs(filters: JobFilters) -> list[BulkAction]:
    """What can be done to ticked rows of this list; nothing for those who only look."""
    if not current_actor().may(Permission.SEND):
        return []
    return [verb for verb in VERBS if filters.state is None or filters.state in APPLIES_TO[verb]]


def _total(filters: JobFilters, counts: job_queries.StateCounts) -> int:
    return counts.of[filters.state] if filters.state else sum(counts.of.values())


def _final(filters: JobFilters) -> str:
    return filters.state.value if filters.state in FINAL else State.COMPLETED.value

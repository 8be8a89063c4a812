"""Pages that ask before many jobs are changed: those ticked in the list, all that match it, finished ones by age.

Up to fifty ticked rows are changed at once; more is an operation, a job with its own page.
"""

from collections.abc import Sequence
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.jobs import service
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.bulk.target import BulkAction, MatchCount
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.forms import OLDEST_DAYS, ids_of, verb_of, whole_number
from adsapp.jobs.console.list_page import list_page
from adsapp.jobs.labels import PRIORITY_WORDS, QUEUE_TITLES
from adsapp.jobs.models import Job
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import FINAL, Priority, State
from adsapp.organizations import policy
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

CLEAN_DAYS = 30  # what the form proposes
DONE_WORDS = {
    BulkAction.RETRY: "begin again",
    BulkAction.CANCEL: "are cancelled",
    BulkAction.PRIORITIZE: "have their new priority",
}
ONE_DONE_WORDS = {
    BulkAction.RETRY: "begins again",
    BulkAction.CANCEL: "is cancelled",
    BulkAction.PRIORITIZE: "has its new priority",
}


@views.get("/jobs/actions")
@allow(Permission.SEND)
def ask_to_act() -> ResponseReturnValue:
    """What is meant, how many it concerns, and why; nothing is changed yet."""
    verb, filters = verb_of(request.args.get("verb", "")), _wanted(request.args)
    if request.args.get("scope") == "all":
        _demand_all(verb)
        return _ask(verb, filters, scope="all", matching=_matching(verb, filters))
    ids = ids_of(request.args.getlist("job"))
    if not ids:
        return list_page(not_ticked=_instead()), Invalid.status
    jobs = service.ticked(ids[: service.AT_ONCE])
    return _ask(verb, filters, scope="ticked", jobs=[job for job in jobs if service.fits(verb, job)], ticked=jobs)


@views.post("/jobs/actions")
@allow(Permission.SEND)
def act() -> ResponseReturnValue:
    """Do it: to the ticked jobs at once, to all that match as an operation."""
    form = request.form
    by = current_actor().by(form.get("reason", "")[:200])
    verb, filters = verb_of(form.get("verb", "")), _wanted(form)
    priority = whole_number("priority", form.get("priority", ""), 1, 4) if verb == BulkAction.PRIORITIZE else None
    if form.get("scope") == "all":
        _demand_all(verb)
        return _started(operations.start(verb, by=by, filters=filters, priority=priority))
    changed = service.act_on(verb, ids_of(form.getlist("job")), by, priority)
    flash(f"1 job {ONE_DONE_WORDS[verb]}" if changed == 1 else f"{changed} jobs {DONE_WORDS[verb]}", "good")
    return done(url_for("jobs.list_jobs", **_listed(form).as_query(cursor=form.get("cursor", ""))))


@views.get("/jobs/clean")
@allow(Permission.MANAGE)
def ask_to_clean() -> ResponseReturnValue:
    """Which finished jobs would go, counted without touching any."""
    state, queue = _final(request.args.get("state", "")), request.args.get("queue", "")
    filters = _cleaned(request.args)
    values = {"state": state, "queue": queue, "older_than_days": request.args.get("older_than_days", str(CLEAN_DAYS))}
    values["routine"] = "1" if filters.routine else ""
    try:
        days = _days(values["older_than_days"])
    except Invalid as error:
        return _clean_page(values, None, error.field_messages), error.status
    matching = operations.preview("clean", filters=filters, older_than_days=days)
    return _clean_page(values, matching, {}, bulk_run.kept_summary(filters, days))


@views.post("/jobs/clean")
@allow(Permission.MANAGE)
def clean() -> ResponseReturnValue:
    """Remove them, as an operation."""
    form = request.form
    days = _days(form.get("older_than_days", ""))
    return _started(operations.start("clean", by=current_actor().by(), filters=_cleaned(form), older_than_days=days))


def _instead() -> str:
    is_all = current_actor().may(Permission.MANAGE)
    return "Tick some first, or choose all that match." if is_all else "Tick some first."


def _started(operation: Job) -> ResponseReturnValue:
    db.session.commit()
    flash("It goes on in the background; this page shows how far it is.", "good")
    return redirect(url_for("jobs.show_job", job_id=operation.id), 303)


def _demand_all(verb: BulkAction) -> None:
    policy.demand(current_actor().role, Permission.MANAGE, f"{verb.value} all jobs that match; tick them instead")


def _listed(values: MultiDict[str, str]) -> JobFilters:
    return JobFilters.from_query(values)


def _wanted(values: MultiDict[str, str]) -> JobFilters:
    """The list's filter; a retry of everything means what failed, not what somebody cancelled."""
    filters = _listed(values)
    if values.get("verb") == BulkAction.RETRY and values.get("scope") == "all" and filters.state is None:
        return JobFilters(State.FAILED, filters.queue, filters.search, filters.routine)
    return filters


def _matching(verb: BulkAction, filters: JobFilters) -> MatchCount:
    # Which of them have that priority already is known only when one was chosen: those that may be cancelled are all.
    counted = BulkAction.CANCEL if verb == BulkAction.PRIORITIZE else verb
    return operations.preview(counted, filters=filters)


def _ask(
    verb: BulkAction,
    filters: JobFilters,
    *,
    scope: str,
    matching: MatchCount | None = None,
    jobs: Sequence[Job] = (),
    ticked: Sequence[Job] = (),
) -> str:
    here = _listed(request.args).as_query(cursor=request.args.get("cursor", ""))
    return render_template(
        "jobs/act.html",
        verb=verb.value,
        scope=scope,
        filters=filters,
        matching=matching or MatchCount(len(jobs)),
        jobs=jobs,
        left_out=[job for job in ticked if job not in jobs],
        titles=QUEUE_TITLES,
        priorities=[(str(priority.value), PRIORITY_WORDS[priority]) for priority in Priority],
        list_url=url_for("jobs.list_jobs", **here),
        here=here,
    )


def _cleaned(values: MultiDict[str, str]) -> JobFilters:
    wanted = {name: values.get(name, "") for name in ("queue", "routine")}
    return JobFilters.from_query(wanted | {"state": _final(values.get("state", ""))})


def _clean_page(values: dict[str, Any], matching: MatchCount | None, errors: Any, stays: str = "") -> str:
    return render_template(
        "jobs/clean.html",
        values=values,
        matching=matching,
        errors=errors,
        stays=stays,
        states=[(state.value, state.value) for state in (State.COMPLETED, State.FAILED, State.CANCELLED)],
        queue_options=[("", "All queues"), *((queue.value, title) for queue, title in QUEUE_TITLES.items())],
    )


def _final(name: str) -> str:
    return name if name in [state.value for state in FINAL] else State.COMPLETED.value


def _days(text: str) -> int:
    days = whole_number("older_than_days", text, 0, OLDEST_DAYS)
    return CLEAN_DAYS if days is None else days

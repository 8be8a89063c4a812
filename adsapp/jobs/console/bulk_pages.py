"""Pages that ask before many jobs are changed: those ticked in the list, all that match it, finished ones by age.

Up to fifty ticked rows are changed at once; more is an operation, a job with its own page.
"""

from dataclasses import replace
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.web.pages import render
from adsapp.core.words import plural
from adsapp.jobs import service
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk.target import BulkAction, MatchCount
from adsapp.jobs.console import dialogs
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.clean_presenter import CleanPage
from adsapp.jobs.console.forms import ids_of, verb_of, whole_number
from adsapp.jobs.console.list_page import list_page
from adsapp.jobs.labels import ACTION_WORDS
from adsapp.jobs.models import Job
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import State
from adsapp.organizations import policy
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission


@views.get("/jobs/actions")
@allow(Permission.SEND)
def ask_to_act() -> ResponseReturnValue:
    """What is meant, how many it concerns, and why; nothing is changed yet."""
    verb, filters = verb_of(request.args.get("verb", "")), _wanted(request.args)
    if request.args.get("scope") == "all":
        _demand_all(verb)
        return render(dialogs.act_on_all(verb, filters, _matching(verb, filters), _here(), _activity_url()))
    ids = ids_of(request.args.getlist("job"))
    if not ids:
        return render(list_page(not_ticked=_instead())), Invalid.status
    ticked = service.ticked(ids[: service.AT_ONCE])
    fitting = [job for job in ticked if service.fits(verb, job)]
    chosen = dialogs.ChosenJobs(fitting, [job for job in ticked if job not in fitting])
    return render(dialogs.act_on_ticked(verb, chosen, _here(), _activity_url()))


def _here() -> dict[str, Any]:
    """The query of the list where rows were ticked."""
    return _listed(request.args).as_query(cursor=request.args.get("cursor", ""))


def _activity_url() -> str | None:
    return url_for("activity.list_events") if current_actor().may(Permission.MANAGE) else None


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
    words = ACTION_WORDS[verb]
    flash(plural(changed, f"job {words.done_one}", f"jobs {words.done}"), "good")
    return done(url_for("jobs.list_jobs", **_listed(form).as_query(cursor=form.get("cursor", ""))))


@views.get("/jobs/clean")
@allow(Permission.MANAGE)
def ask_to_clean() -> ResponseReturnValue:
    """Which finished jobs would go, counted without touching any."""
    page = CleanPage.typed(request.args)
    try:
        return render(page.counted())
    except Invalid as error:
        return render(replace(page, errors=error.field_messages)), error.status


@views.post("/jobs/clean")
@allow(Permission.MANAGE)
def clean() -> ResponseReturnValue:
    """Remove them, as an operation."""
    form = request.form
    page = CleanPage.typed(form)
    by = current_actor().by()
    return _started(operations.start("clean", by=by, filters=page.filters, older_than_days=page.days))


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

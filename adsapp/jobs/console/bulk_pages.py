"""Pages that ask before many jobs are changed: those ticked in the list, all that match it, finished ones by age.

Up to fifty ticked rows are changed at once; more is an operation, a job with its own page.
"""

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.inputs import whole_number
from adsapp.core.web.confirmation import Confirmation, Shown, ask, it_was
from adsapp.core.web.pages import render
from adsapp.core.words import plural
from adsapp.jobs import service
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk.target import BulkAction, MatchCount
from adsapp.jobs.console import bulk_dialogs as dialogs
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.clean_presenter import CleanPage
from adsapp.jobs.console.forms import ids_of, verb_of
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
        return ask(_about_all(verb, filters))
    ids = ids_of(request.args.getlist("job"))
    if not ids:
        return render(list_page(not_ticked=_instead())), Invalid.status
    return ask(_about_ticked(verb, ids))


def _about_all(verb: BulkAction, filters: JobFilters) -> Confirmation:
    people = operations.reach(filters) if verb == BulkAction.RETRY else None
    return dialogs.act_on_all(verb, filters, _matching(verb, filters), people, _here(), _activity_url())


def _about_ticked(verb: BulkAction, ids: Sequence[uuid.UUID]) -> Confirmation:
    ticked, by = service.ticked(ids[: service.AT_ONCE]), current_actor().by()
    fitting = [job for job in ticked if service.fits(verb, job, by)]
    people = service.reach(fitting) if verb == BulkAction.RETRY else None
    chosen = dialogs.ChosenJobs(fitting, [job for job in ticked if job not in fitting], people)
    return dialogs.act_on_ticked(verb, chosen, _here(), _activity_url())


def _here() -> dict[str, Any]:
    """The query of the list where rows were ticked."""
    return _listed(request.values).as_query(cursor=request.values.get("cursor", ""))


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
    shown, is_all = Shown.read(form), form.get("scope") == "all"
    if is_all:
        _demand_all(verb)
    ids = ids_of(form.getlist("job"))
    if not is_all and not ids:
        raise Invalid.field("job", _instead())
    people = _people(verb, filters if is_all else None, ids, shown.at)
    if shown.at is None or shown.people != people or (is_all and _grew(verb, filters, shown)):
        return _ask_again(_about_all(verb, filters) if is_all else _about_ticked(verb, ids), shown)
    if is_all:
        return _started(
            operations.start(verb, by=by, filters=filters, priority=priority, asked_at=shown.at, confirmed=shown.number)
        )
    acted = service.act_on(verb, ids, by, priority, asked_at=shown.at)
    flash(" ".join(_what_was_done(verb, acted, len(ids))), "good")
    return done(url_for("jobs.list_jobs", **_here()))


def _people(verb: BulkAction, filters: JobFilters | None, ids: Sequence[uuid.UUID], asked_at: datetime | None) -> str:
    """How many people would be messaged, as the question tells it; "" if nobody."""
    if verb != BulkAction.RETRY:
        return ""
    found = operations.reach(filters, asked_at) if filters else service.reach(_fitting(verb, ids))
    return "" if found is None else str(found)


def _fitting(verb: BulkAction, ids: Sequence[uuid.UUID]) -> Sequence[Job]:
    by = current_actor().by()
    return [job for job in service.ticked(ids[: service.AT_ONCE]) if service.fits(verb, job, by)] if ids else []


def _grew(verb: BulkAction, filters: JobFilters, shown: Shown) -> bool:
    """True if more match than were shown, though what came since is left out: they came into this state meanwhile."""
    found = _matching(verb, filters, shown.at)
    return shown.number is not None and found.count > shown.number


def _ask_again(question: Confirmation, shown: Shown) -> ResponseReturnValue:
    """The question; with what has changed, if it was confirmed already."""
    now = question.shown
    if shown.at is None or now is None or question.why_not:
        return ask(question)
    people = shown.people != now.people
    before, after = (shown.people, now.people) if people else (shown.count, now.count)
    changed = it_was(before or "0", after or "0", "people" if people else "jobs")
    return ask(question.asked_again(changed)), Conflict.status


def _what_was_done(verb: BulkAction, acted: service.Acted, ticked: int) -> Iterator[str]:
    """What came of it, no more than is certain, and how many were left alone."""
    words, at_once, gone = ACTION_WORDS[verb], acted.changed - acted.stopping, ticked - acted.changed
    if at_once:
        yield plural(at_once, f"job {words.done_one}", f"jobs {words.done}") + ("." if acted.stopping or gone else "")
    if acted.stopping:
        yield plural(
            acted.stopping, "job is asked to stop; it may end first.", "jobs are asked to stop; they may end first."
        )
    if gone > 0:
        yield plural(gone, "was no longer as you saw it and stays.", "were no longer as you saw them and stay.")


@views.get("/jobs/clean")
@allow(Permission.MANAGE)
def ask_to_clean() -> ResponseReturnValue:
    """Which finished jobs would go, counted without touching any."""
    page = CleanPage.typed(request.args)
    return _counted(page)


def _counted(page: CleanPage) -> ResponseReturnValue:
    try:
        return render(page.counted())
    except Invalid as error:
        return render(replace(page, errors=error.field_messages)), error.status


@views.post("/jobs/clean")
@allow(Permission.MANAGE)
def clean() -> ResponseReturnValue:
    """Remove those that were counted, as an operation."""
    page, shown, by = CleanPage.typed(request.form), Shown.read(request.form), current_actor().by()
    if shown.at is None:
        return _counted(page)
    return _started(
        operations.start(
            "clean",
            by=by,
            filters=page.filters,
            older_than_days=page.days,
            asked_at=shown.at,
            confirmed=shown.number,
        )
    )


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


def _matching(verb: BulkAction, filters: JobFilters, asked_at: datetime | None = None) -> MatchCount:
    # Which of them have that priority already is known only when one was chosen: those that may be cancelled are all.
    counted = BulkAction.CANCEL if verb == BulkAction.PRIORITIZE else verb
    return operations.preview(counted, filters=filters, asked_at=asked_at)

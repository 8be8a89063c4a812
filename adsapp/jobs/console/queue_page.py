"""Views of one queue, its pauses and its limits."""

from flask import flash, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core.errors import Conflict, Invalid
from adsapp.core.inputs import own_path, whole_number
from adsapp.core.web.confirmation import Shown, ask, it_was
from adsapp.core.web.pages import render, render_fragment
from adsapp.jobs import service
from adsapp.jobs.console import dialogs
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.forms import end_of_pause
from adsapp.jobs.console.queue_presenter import QueuePage
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries.limits import LIMITS, limits_of
from adsapp.jobs.queries.statistics import begins_if_resumed, held_back
from adsapp.jobs.registry import kind as kind_of
from adsapp.jobs.states import Queue, queue_of
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

LIMIT_WORDS = {"at_once": "At once", "per_minute": "A minute", "waiting": "Waiting"}


@views.get("/queues/<name>")
@allow(Permission.SEE)
def show_queue(name: str) -> ResponseReturnValue:
    """One queue."""
    return render(QueuePage.of(queue_of(name), current_actor()))


@views.get("/queues/<name>/live")
@allow(Permission.SEE)
def live_queue(name: str) -> ResponseReturnValue:
    """The live part of a queue's page."""
    return render_fragment(QueuePage.of(queue_of(name), current_actor()))


@views.get("/queues/<name>/pause")
@allow(Permission.MANAGE)
def ask_to_pause(name: str) -> ResponseReturnValue:
    """The question before it."""
    queue = queue_of(name)
    return ask(dialogs.pause_queue(queue, _back(queue)))


@views.post("/queues/<name>/pause")
@allow(Permission.MANAGE)
def pause(name: str) -> ResponseReturnValue:
    """Pause a queue for this organization, or one kind of job in it, with a reason."""
    queue, form = queue_of(name), request.form
    kind = form.get("processor", "")
    try:
        until = end_of_pause(form.get("hours", ""))
        service.pause_queue(queue, current_actor().by(form.get("reason", "")[:200]), until, kind)
    except Invalid as error:
        return render(dialogs.pause_queue(queue, _back(queue), form, error.field_messages)), error.status
    flash(f"{_what(queue, kind)} is paused; what runs goes on", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


@views.post("/queues/<name>/resume")
@allow(Permission.MANAGE)
def resume(name: str) -> ResponseReturnValue:
    """Resume it. If jobs are held back, which would begin now, a question comes first."""
    queue, kind = queue_of(name), request.form.get("processor", "")
    held, shown = begins_if_resumed(queue, kind), Shown.read(request.form)
    people = service.reach(held_back(queue, kind)) if held else None
    if held and (
        shown.number is None or held > shown.number or shown.people != ("" if people is None else str(people))
    ):
        question = dialogs.resume_queue(queue, kind, held, people, _back(queue))
        if shown.number is None:
            return ask(question)
        return ask(question.asked_again(_changed_since(shown, held, people))), Conflict.status
    service.resume_queue(queue, current_actor().by(), kind)
    flash(f"{_what(queue, kind)} goes on", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


def _changed_since(shown: Shown, held: int, people: int | None) -> str:
    if (shown.number or 0) < held:
        return it_was(shown.count, f"{held:,}", "jobs")
    return it_was(shown.people or "0", f"{people or 0:,}", "people")


def _back(queue: Queue) -> str:
    """Where the button stood, else the queue's page."""
    return own_path(request.values.get("back", "")) or url_for("jobs.show_queue", name=queue.value)


def _what(queue: Queue, kind: str) -> str:
    """The queue, or the one kind of job in it, by its title."""
    return kind_of(kind).quoted_title if kind else QUEUE_TITLES[queue]


@views.get("/queues/<name>/limits")
@allow(Permission.MANAGE)
def ask_for_limits(name: str) -> ResponseReturnValue:
    """The dialog's form, as a page of its own."""
    return render(dialogs.limit_queue(queue_of(name)))


@views.post("/queues/<name>/limits")
@allow(Permission.MANAGE)
def set_limits(name: str) -> ResponseReturnValue:
    """Set all three; an empty field is no limit."""
    queue = queue_of(name)
    typed = {field: request.form.get(field, "") for field in LIMITS}
    before = limits_of(queue)
    try:
        wanted = {field: whole_number(field, text, 1, service.HIGHEST_LIMIT) for field, text in typed.items()}
        service.set_limit(queue, current_actor().by(), **wanted)
    except Invalid as error:
        return render(dialogs.limit_queue(queue, typed, error.field_messages)), error.status
    flash(f"{QUEUE_TITLES[queue]}: {_changes(before, wanted)}", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


def _changes(before: dict[str, int | None], after: dict[str, int | None]) -> str:
    """At once: no limit → 5."""
    changed = [name for name in LIMITS if before[name] != after[name]]
    words = [f"{LIMIT_WORDS[name].lower()} {_limit(before[name])} → {_limit(after[name])}" for name in changed]
    return ", ".join(words) or "the limits are as they were"


def _limit(value: int | None) -> str:
    return "no limit" if value is None else f"{value:,}"

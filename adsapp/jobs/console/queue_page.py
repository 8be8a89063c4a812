"""The page of one queue: how it stands, what holds it back, who works on it; its pauses and limits."""

from typing import Any

from flask import flash, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core.errors import Invalid
from adsapp.core.web.htmx import fragment, version_of
from adsapp.jobs import service
from adsapp.jobs.console.blueprint import done, views
from adsapp.jobs.console.forms import back_or, end_of_pause, whole_number
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries import workers
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.limits import LIMITS, limits_of
from adsapp.jobs.queries.statistics import MINUTE_LABELS, QueueStats, begins_if_resumed, queue_stats
from adsapp.jobs.registry import kind as kind_of
from adsapp.jobs.registry import kinds_of
from adsapp.jobs.states import Queue, State, queue_of
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

FAILURES_SHOWN = 5
LIMIT_WORDS = {"at_once": "At once", "per_minute": "A minute", "waiting": "Waiting"}


@views.get("/queues/<name>")
@allow(Permission.SEE)
def show_queue(name: str) -> ResponseReturnValue:
    """One queue."""
    return render_template("queues/queue.html", **_page(queue_of(name)))


@views.get("/queues/<name>/live")
@allow(Permission.SEE)
def live_queue(name: str) -> ResponseReturnValue:
    """The live part of a queue's page."""
    return fragment("queues/_queue.html", **_page(queue_of(name)))


@views.get("/queues/<name>/pause")
@allow(Permission.MANAGE)
def ask_to_pause(name: str) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    return _pause_page(queue_of(name), {})


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
        return _pause_page(queue, error.field_messages), error.status
    flash(f"{_what(queue, kind)} is paused; what runs goes on", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


@views.post("/queues/<name>/resume")
@allow(Permission.MANAGE)
def resume(name: str) -> ResponseReturnValue:
    """Let it go on; where jobs are held back, which begin at once then, it is asked first."""
    queue, kind = queue_of(name), request.form.get("processor", "")
    held = begins_if_resumed(queue, kind)
    if held and not request.form.get("sure"):
        return _resume_page(queue, kind, held)
    service.resume_queue(queue, current_actor().by(), kind)
    flash(f"{_what(queue, kind)} goes on", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


def _resume_page(queue: Queue, kind: str, held: int) -> str:
    back = back_or(request.form.get("back", ""), url_for("jobs.show_queue", name=queue.value))
    shown = {"queue": queue, "kind": kind, "what": _what(queue, kind), "held": held, "back": back}
    return render_template("jobs/resume.html", titles=QUEUE_TITLES, **shown)


def _what(queue: Queue, kind: str) -> str:
    """The queue, or the one kind of job in it, by its title."""
    return kind_of(kind).quoted_title if kind else QUEUE_TITLES[queue]


@views.get("/queues/<name>/limits")
@allow(Permission.MANAGE)
def ask_for_limits(name: str) -> ResponseReturnValue:
    """The dialog's form, as a page of its own."""
    queue = queue_of(name)
    return _limits_page(queue, _typed_limits(limits_of(queue)), {})


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
        return _limits_page(queue, typed, error.field_messages), error.status
    flash(f"{QUEUE_TITLES[queue]}: {_changes(before, wanted)}", "good")
    return done(url_for("jobs.show_queue", name=queue.value))


def _changes(before: dict[str, int | None], after: dict[str, int | None]) -> str:
    """At once: no limit → 5."""
    changed = [name for name in LIMITS if before[name] != after[name]]
    words = [f"{LIMIT_WORDS[name].lower()} {_limit(before[name])} → {_limit(after[name])}" for name in changed]
    return ", ".join(words) or "the limits are as they were"


def _limit(value: int | None) -> str:
    return "no limit" if value is None else f"{value:,}"


def _typed_limits(values: dict[str, int | None]) -> dict[str, str]:
    return {name: "" if value is None else str(value) for name, value in values.items()}


def _pause_page(queue: Queue, errors: Any) -> str:
    values = {name: request.form.get(name, "") for name in ("reason", "hours", "processor")}
    return render_template(
        "jobs/pause.html",
        queue=queue,
        titles=QUEUE_TITLES,
        kinds=kinds_of(queue),
        upkeep=kinds_of(queue, ignoring_pause=True),
        values=values,
        errors=errors,
        back=back_or(request.values.get("back", ""), url_for("jobs.show_queue", name=queue.value)),
    )


def _limits_page(queue: Queue, typed: dict[str, str], errors: Any) -> str:
    now = limits_of(queue)
    return render_template(
        "queues/limits.html", queue=queue, titles=QUEUE_TITLES, limits=now, values=typed, errors=errors
    )


def _page(queue: Queue) -> dict[str, Any]:
    conditions = run_conditions()
    stats = next(one for one in queue_stats(conditions) if one.queue == queue)
    kinds = stats.paused_kinds
    limits = limits_of(queue)
    failures = job_queries.list_lines(JobFilters(State.FAILED, queue), limit=FAILURES_SHOWN).items
    crew = workers.list_workers(conditions.now, queue) if current_actor().may(Permission.MANAGE) else None
    pauses = [(each.processor, each.reason, each.paused_until) for each in (*kinds, *filter(None, [stats.pause]))]
    failed = [(job.id, job.finished_at) for job in failures]
    version = version_of(_figures(stats), pauses, limits, failed, [each.version_key for each in crew or ()])
    return {
        "stats": stats,
        "queue": queue,
        "name": queue.value,
        "start_command": workers.start_command([queue]),
        "titles": QUEUE_TITLES,
        "paused_kinds": [(kind_of(pause.processor).quoted_title, pause) for pause in kinds],
        "kinds": kinds_of(queue),
        "upkeep": kinds_of(queue, ignoring_pause=True),
        "limits": limits,
        "failures": failures,
        "crew": crew,
        "series": _series(stats),
        "chart_labels": MINUTE_LABELS,
        "manages": current_actor().may(Permission.MANAGE),
        "as_of": conditions.now,
        "version": version,
        "live_url": url_for("jobs.live_queue", name=queue.value, version=version),
    }


def _figures(stats: QueueStats) -> tuple[object, ...]:
    """What the page shows of a queue's figures, for its version."""
    minutes = (stats.finished, stats.failed)
    return (stats.counts, stats.paused_count, stats.failed_today, *minutes, stats.waiting_since, stats.workers)


def _series(stats: QueueStats) -> list[dict[str, Any]]:
    return [
        {"label": "finished", "kind": "accent", "values": stats.finished},
        {"label": "failed", "kind": "bad", "values": stats.failed},
    ]

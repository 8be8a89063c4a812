"""`adsapp jobs pause|resume|limit`: what an organization sets for its queues."""

from datetime import UTC, datetime, timedelta

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import organization_option
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.core.errors import Invalid
from adsapp.jobs import Queue, service
from adsapp.jobs.queries.limits import limits_of
from adsapp.jobs.states import get_queue
from adsapp.jobs.wait_reasons import RunConditions, run_conditions

WORDS = {"at_once": "at once", "per_minute": "a minute", "waiting": "waiting"}
kind_option = click.option("--kind", default="", help="One kind of job only, by the name of its processor.")


@click.command()
@click.argument("queue")
@organization_option
@click.option("--reason", required=True, help="Why, for those who look at it.")
@kind_option
@click.option("--until", default="", help="Resume by itself at this moment, as in 2026-03-28T09:00+01:00; else UTC.")
@click.option("--hours", type=click.FloatRange(0, 24 * 366, min_open=True), help="Resume by itself after so long.")
@json_option
def pause(queue: str, slug: str, reason: str, kind: str, until: str, hours: float | None, as_json: bool) -> None:
    """Pause a queue, or one kind of job in it.

    For this organization only; running jobs go on.
    """
    if until and hours:
        raise click.UsageError("say --until or --hours, not both")
    with inside(slug):
        end = _moment(until) if until else utcnow() + timedelta(hours=hours) if hours else None
        before = _before(run_conditions(), get_queue(queue), kind)
        service.pause_queue(get_queue(queue), BY.because(reason), end, kind)
        db.session.commit()
    text = f"{_what(queue, kind)} is paused{f' until {iso(end)}' if end else ''}.{before}"
    show({"queue": queue, "kind": kind or None, "paused": True, "until": iso(end)}, text, as_json)


@click.command()
@click.argument("queue")
@organization_option
@kind_option
@json_option
def resume(queue: str, slug: str, kind: str, as_json: bool) -> None:
    """Let a paused queue, or a paused kind of job, go on."""
    with inside(slug):
        was_paused = service.resume_queue(get_queue(queue), BY, kind)
        db.session.commit()
    text = f"{_what(queue, kind)} goes on." if was_paused else f"{_what(queue, kind)} was not paused."
    show({"queue": queue, "kind": kind or None, "paused": False}, text, as_json)


@click.command()
@click.argument("queue")
@organization_option
@click.option("--at-once", type=click.IntRange(0), help="Jobs that run at the same time; 0 lifts it.")
@click.option("--per-minute", type=click.IntRange(0), help="Jobs that are begun in any 60 seconds; 0 lifts it.")
@click.option("--waiting", type=click.IntRange(0), help="Jobs that may wait, more are refused; 0 lifts it.")
@click.option("--none", "lifts", is_flag=True, help="Lift all three.")
@json_option
def limit(queue: str, slug: str, lifts: bool, as_json: bool, **asked: int | None) -> None:
    """Show or change the limits of a queue.

    They are what the organization allows itself; what is not named stays as it is.
    """
    named = {name: value or None for name, value in asked.items() if value is not None}
    if lifts and named:
        raise click.UsageError("say --none, or what to change, not both")
    with inside(slug):
        wanted = get_queue(queue)
        values = limits_of(wanted)
        if lifts or named:
            values = dict.fromkeys(values) if lifts else values | named
            service.set_limit(wanted, BY, **values)
            db.session.commit()
    parts = [
        f"{value:,} {'job' if value == 1 else 'jobs'} {WORDS[name]}"
        for name, value in values.items()
        if value is not None
    ]
    show({"queue": queue, "limits": values}, f"{queue}: {', '.join(parts) or 'no limits'}", as_json)


def _before(conditions: RunConditions, queue: Queue, kind: str) -> str:
    """The pause that is replaced, so that nobody loses one without seeing it."""
    pause = conditions.kinds.get((queue, kind)) if kind else conditions.pauses.get(queue)
    if pause is None:
        return ""
    end = f" until {iso(pause.paused_until)}" if pause.paused_until else ""
    return f" This takes the place of the pause by {pause.by}{end}: {pause.reason}"


def _what(queue: str, kind: str) -> str:
    return f"{kind} in {queue}" if kind else queue


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid.field("until", f"should be a moment such as 2026-03-28T09:00+01:00, not {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

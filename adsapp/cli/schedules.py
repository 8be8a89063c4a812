"""`adsapp schedules list|run|pause|resume`: what starts by the clock."""

from datetime import datetime

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import organization_option
from adsapp.cli.errors import CommandFailed
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.cli.tables import minute, table
from adsapp.core import db, inputs
from adsapp.core.clock import iso
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.pagination import MOST
from adsapp.schedules import presenter, queries, service, times
from adsapp.schedules.api import schedule_json
from adsapp.schedules.draft import end_of
from adsapp.schedules.models import Schedule

HEAD = ("id", "name", "state", "when", "next run (UTC)", "last run (UTC)")


@click.group()
def schedules() -> None:
    """What starts by the clock.

    Look, run, pause, resume.
    """


@schedules.command("list")
@organization_option
@click.option("--limit", type=click.IntRange(1, MOST), default=MOST, help="At most so many, the newest first.")
@json_option
def list_schedules(slug: str, limit: int, as_json: bool) -> None:
    """The schedules, what they do and when they run next."""
    with inside(slug), db.reading():
        found = queries.list_schedules(limit=limit).items
        jobs = queries.last_jobs(found)
        rows = [schedule_json(each, jobs.get(each.last_job_id), runs=1) for each in found]
        lines = [_line(each) for each in found]
    text = table(HEAD, lines) if lines else "There is no schedule."
    show({"schedules": rows}, text, as_json)


@schedules.command("run")
@click.argument("schedule")
@organization_option
@json_option
def run_now(schedule: str, slug: str, as_json: bool) -> None:
    """Start a run at once.

    SCHEDULE is its name or id. What sends messages sends them.
    """
    with inside(slug):
        found = _find(schedule)
        fire = service.run_now(found, BY)
        db.session.commit()
        show({"id": str(found.id), "job_id": str(fire.job_id)}, f"{found.name} runs as job {fire.job_id}.", as_json)


@schedules.command()
@click.argument("schedule")
@organization_option
@click.option("--reason", required=True, help="Why, for those who look at it.")
@click.option("--until", default="", help="Go on by itself then, as in 2026-03-28T09:00; in its zone if none is named.")
@json_option
def pause(schedule: str, slug: str, reason: str, until: str, as_json: bool) -> None:
    """Let it start nothing."""
    with inside(slug):
        found = _find(schedule)
        end = end_of(_moment(until), times.zone_of(found.time_zone)) if until else None
        service.pause(found, BY.because(reason), end)
        db.session.commit()
        text = f"{found.name} is paused{f' until {iso(found.paused_until)}' if found.paused_until else ''}."
        show({"id": str(found.id), "paused": True, "until": iso(found.paused_until)}, text, as_json)


@schedules.command()
@click.argument("schedule")
@organization_option
@json_option
def resume(schedule: str, slug: str, as_json: bool) -> None:
    """Let a paused or overdue one go on with its next run.

    Late runs are left out.
    """
    with inside(slug):
        found = _find(schedule)
        service.resume(found, BY)
        db.session.commit()
        following = iso(found.next_run_at)
        text = f"{found.name} runs next at {following}." if following else f"{found.name} has ended."
        show({"id": str(found.id), "paused": False, "next_run_at": following}, text, as_json)


def _find(wanted: str) -> Schedule:
    try:
        return queries.get_schedule(wanted)
    except NotFound:
        pass
    named = queries.named(wanted)
    if len(named) == 1:
        return named[0]
    if named:
        raise CommandFailed(f"{len(named)} schedules are called {wanted}; name one by its id")
    raise CommandFailed(f"There is no schedule {wanted} in this organization")


def _moment(text: str) -> datetime:
    found = inputs.moment(text)
    if found is None:
        raise Invalid.field("until", f"should be a moment such as 2026-03-28T09:00, not {text}")
    return found


def _line(schedule: Schedule) -> tuple[object, ...]:
    return (
        schedule.id,
        schedule.name,
        presenter.state_of(schedule).value,
        f"{presenter.in_words(schedule)} ({schedule.time_zone})",
        minute(schedule.next_run_at),
        minute(schedule.last_fire_at),
    )

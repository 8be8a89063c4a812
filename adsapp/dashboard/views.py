"""The first page: what needs a person, the four queues, what runs now. Each block is a fragment that is polled."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask import Blueprint, render_template, url_for
from flask.typing import ResponseReturnValue

from adsapp.core.web.htmx import fragment, version_of
from adsapp.dashboard import attention, queries
from adsapp.jobs import Queue
from adsapp.jobs.labels import QUEUE_TITLES
from adsapp.jobs.queries import jobs as job_queries
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.queries.statistics import (
    MINUTE_LABELS,
    Minutes,
    QueueStats,
    last_minutes,
    queue_stats,
    queues_at_a_glance,
)
from adsapp.jobs.registry import kinds_of
from adsapp.jobs.wait_reasons import run_conditions
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("dashboard", __name__)

LATEST_JOBS = 6


class _Now:
    """What several blocks look at, read once a request, and only by those that need it."""

    def __init__(self, *, by_minute: bool = True) -> None:
        self.conditions, self._by_minute = run_conditions(), by_minute

    @cached_property
    def queues(self) -> list[QueueStats]:
        return queue_stats(self.conditions, self.minutes) if self._by_minute else queues_at_a_glance(self.conditions)

    @cached_property
    def minutes(self) -> Mapping[Queue, Minutes]:
        return last_minutes(self.conditions.now)

    @cached_property
    def campaigns(self) -> queries.OpenCampaigns:
        return queries.open_campaigns(self.conditions)


@views.get("/")
@allow(Permission.SEE)
def home() -> ResponseReturnValue:
    """All blocks at once."""
    now = _Now()
    blocks = _attention(now) | _queues(now) | _running(now) | _chart(now) | _latest(now)
    kinds = {queue: (kinds_of(queue), kinds_of(queue, ignoring_pause=True)) for queue in Queue}
    return render_template("dashboard/home.html", kinds=kinds, **blocks)


@views.get("/home/attention")
@allow(Permission.SEE)
def attention_block() -> ResponseReturnValue:
    """Greeting and "Needs attention"."""
    return _block("attention", _attention(_Now(by_minute=False)))


@views.get("/home/queues")
@allow(Permission.SEE)
def queues_block() -> ResponseReturnValue:
    """The four queue cards."""
    return _block("queues", _queues(_Now()))


@views.get("/home/running")
@allow(Permission.SEE)
def running_block() -> ResponseReturnValue:
    """Campaigns and imports under way."""
    return _block("running", _running(_Now()))


@views.get("/home/chart")
@allow(Permission.SEE)
def chart_block() -> ResponseReturnValue:
    """Jobs a minute over the last hour, and so far in the running minute."""
    return _block("chart", _chart(_Now()))


@views.get("/home/latest")
@allow(Permission.SEE)
def latest_block() -> ResponseReturnValue:
    """The newest jobs, and what is scheduled."""
    return _block("latest", _latest(_Now()))


def _block(name: str, context: dict[str, Any]) -> ResponseReturnValue:
    return fragment(f"dashboard/_{name}.html", version=context[f"{name}_version"], **context)


def _named(name: str, now: _Now, *shown: object, **context: Any) -> dict[str, Any]:
    """A block's context: what it shows, its version and its own address."""
    version = version_of(*shown)
    url = url_for(f"dashboard.{name}_block", version=version)
    return context | {f"{name}_version": version, f"{name}_url": url, "as_of": now.conditions.now}


def _attention(now: _Now) -> dict[str, Any]:
    actor = current_actor()
    found = attention.concerns(now.queues, now.campaigns.paused, now.conditions.now)
    concerns = [each for each in found if actor.may(each.only_for)]
    going_out = sum(not each.is_held for each in now.campaigns.going_out)
    return _named(
        "attention",
        now,
        concerns,
        going_out,
        concerns=concerns,
        going_out=going_out,
        first_name=(actor.name.split() or [actor.name])[0],
    )


def _queues(now: _Now) -> dict[str, Any]:
    stats = now.queues
    faces = [
        (one.status, one.counts, one.paused_count, one.finished[:-1], one.waiting_since, one.pause and one.pause.reason)
        for one in stats
    ]
    return _named("queues", now, faces, queues=stats, titles=QUEUE_TITLES)


def _running(now: _Now) -> dict[str, Any]:
    running = queries.running(now.campaigns.going_out, now.conditions)
    return _named("running", now, running, running=running)


def _chart(now: _Now) -> dict[str, Any]:
    queues = now.minutes.values()
    finished = [sum(minute) for minute in zip(*(one.finished for one in queues), strict=True)]
    failed = [sum(minute) for minute in zip(*(one.failed for one in queues), strict=True)]
    series = [
        {"label": "finished", "kind": "accent", "values": finished},
        {"label": "failed", "kind": "bad", "values": failed},
    ]
    return _named("chart", now, series, series=series, chart_labels=MINUTE_LABELS)


def _latest(now: _Now) -> dict[str, Any]:
    jobs, scheduled = job_queries.list_lines(JobFilters(), limit=LATEST_JOBS).items, queries.scheduled_campaigns()
    shown = [(job.id, job.state) for job in jobs], [(each.id, each.name, each.scheduled_at) for each in scheduled]
    return _named("latest", now, shown, latest=jobs, scheduled=scheduled, titles=QUEUE_TITLES)

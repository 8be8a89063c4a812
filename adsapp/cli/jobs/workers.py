"""`adsapp jobs workers|drain`: the worker processes of the installation.

Whoever has the command line runs the installation, so it shows what workers do for all organizations.
"""

import uuid
from collections import Counter
from collections.abc import Mapping
from typing import Any

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization
from adsapp.cli.errors import typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.cli.tables import table
from adsapp.core import db
from adsapp.core.web.templating import format_duration
from adsapp.jobs import service
from adsapp.jobs.queries import workers as registry
from adsapp.jobs.scopes import Scope
from adsapp.organizations import queries as organizations

HEAD = ("worker", "state", "queues", "serves", "jobs", "threads", "memory", "heartbeat", "version")
MOST_NAMED = 20_000  # organizations whose slugs are looked up


@click.command()
@click.option("--organization", "slug", default="", help="Its jobs only; else those of all organizations.")
@json_option
def workers(slug: str, as_json: bool) -> None:
    """The worker processes and how they are.

    State, queues, organizations they serve, running jobs, busy threads of all, memory, age of the last heartbeat,
    version.
    """
    with open_app().app_context(), db.reading():
        if slug:
            db.bind_organization(find_organization(slug).id)
        views = registry.list_workers()
        running = Counter({view.worker.id: len(view.jobs) for view in views}) if slug else registry.count_running()
        slugs = dict(organizations.list_organizations(MOST_NAMED))
        rows = [_facts(view, running[view.worker.id], slugs) for view in views]
        lines = [_line(view, running[view.worker.id], slugs) for view in views]
    text = table(HEAD, lines) if lines else f"No worker is running. Start one with: {typed('worker')}"
    show({"workers": rows}, text, as_json)


@click.command()
@click.argument("worker")
@click.option("--organization", "slug", default="", help="Note it in the audit of this organization.")
@json_option
def drain(worker: str, slug: str, as_json: bool) -> None:
    """Let a worker end its jobs, and then itself.

    WORKER is its name or id. It begins nothing more. It serves all organizations, and nothing of ours starts it again
    by itself; what waits is taken by other workers.
    """
    with open_app().app_context():
        if slug:
            db.bind_organization(find_organization(slug).id)
        found = registry.find_worker(worker)
        service.drain(found, BY)
        db.session.commit()
        name = registry.name_of(found)
        show({"id": str(found.id), "name": name, "draining": True}, f"{name} ends when its jobs have.", as_json)


Slugs = Mapping[uuid.UUID, str]


def _facts(view: registry.WorkerView, running: int, slugs: Slugs) -> dict[str, Any]:
    scope = Scope.from_json(view.worker.scope)
    serves = {
        "everybody": scope.is_everyone,
        "organizations": sorted(slugs.get(each, str(each)) for each in scope.only),
        "except": sorted(slugs.get(each, str(each)) for each in scope.but),
        "shard": str(scope.shard) if scope.shard else None,
    }
    return registry.worker_json(view) | {"running_jobs": running, "state": _state(view, running), "serves": serves}


def _line(view: registry.WorkerView, running: int, slugs: Slugs) -> tuple[object, ...]:
    worker = view.worker
    return (
        view.name,
        _state(view, running),
        ",".join(worker.queues),
        Scope.from_json(worker.scope).in_words(slugs),
        running,
        f"{worker.busy} of {worker.threads}" if worker.threads else "–",
        f"{worker.memory_mb} MB" if worker.memory_mb is not None else "–",
        f"{format_duration(view.heartbeat_age)} ago",
        worker.version,
    )


def _state(view: registry.WorkerView, running: int) -> str:
    return "working" if view.state == "idle" and running else view.state

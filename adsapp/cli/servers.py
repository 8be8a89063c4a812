"""`adsapp web`, `adsapp worker`, `adsapp sandbox`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence

import click
from flask import Flask

from adsapp.cli import readiness
from adsapp.cli.readiness import open_app
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.core.gc_tuning import leave_alone_what_is_there
from adsapp.jobs import Queue
from adsapp.jobs.scopes import Scope, Shard
from adsapp.processes.commands import absolute_home, web_command, worker_children
from adsapp.processes.supervisor import DRAINED, STOP_MARGIN_SECONDS, Supervisor


@click.command()
def web() -> None:
    """Serve the console and the API."""
    settings = Settings.load()
    readiness.check_port(settings.host, settings.port, "PORT")
    open_app()  # the server makes them; twice would put the start off
    os.environ.setdefault("TZ", "UTC")
    os.environ.update(absolute_home(settings))
    os.chdir(ROOT)  # Python looks in the present folder first, and another `adsapp` may be there
    command = web_command(settings)
    os.execv(command[0], command)  # noqa: S606  # becomes the server, so that signals reach it


@click.command()
@click.option(
    "--queue",
    "queues",
    multiple=True,
    type=click.Choice([queue.value for queue in Queue]),
    help="Work on this queue only; may be given several times. Without it: one process for each of the four.",
)
@click.option("--organization", "only", multiple=True, metavar="SLUG", help="Serve this organization only; may repeat.")
@click.option("--except", "but", multiple=True, metavar="SLUG", help="Serve all but this organization; may repeat.")
@click.option("--shard", metavar="N/OF", help="Serve one part of all organizations, e.g. 2/8; others serve the rest.")
def worker(queues: Sequence[str], only: Sequence[str], but: Sequence[str], shard: str | None) -> None:
    """Work on the queues until SIGTERM.

    Running jobs then get their grace (GRACE_SECONDS).
    """
    if only and (but or shard):
        raise click.UsageError("--organization stands alone: --except and --shard choose among all the others")
    part = _parse_shard(shard)
    if not queues:
        _one_process_a_queue(only, but, part)
        return
    from adsapp.alerts.watching import Watcher
    from adsapp.core.observing.start import observe
    from adsapp.jobs.engine.worker import WorkerProcess
    from adsapp.schedules.dispatcher import Dispatcher

    app = open_app()
    observe(app.config["SETTINGS"], "adsapp-worker")
    scope = _scope(app, only, but, part)
    process = WorkerProcess(app, [Queue(name) for name in queues], [Dispatcher(app), Watcher(app)], scope)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    process.start()
    leave_alone_what_is_there()
    while not stop.wait(1) and not process.is_drained:
        pass
    process.stop()
    if not stop.is_set():
        sys.exit(DRAINED)


def _parse_shard(text: str | None) -> Shard | None:
    try:
        return Shard.parse(text) if text else None
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--shard") from None


def _scope(app: Flask, only: Sequence[str], but: Sequence[str], shard: Shard | None) -> Scope:
    """The organizations by their ids, so that another name later changes nothing; fails for a slug that nobody has."""
    if not (only or but):
        return Scope(shard=shard)
    from adsapp.cli.admin import find_organization  # brings what most workers do without

    with app.app_context(), db.reading():
        named, left_out = ([find_organization(slug).id for slug in slugs] for slugs in (only, but))
        db.session.rollback()
    return Scope(frozenset(named), frozenset(left_out), shard)


def _one_process_a_queue(only: Sequence[str], but: Sequence[str], shard: Shard | None) -> None:
    settings = Settings.load()
    _scope(open_app(), only, but, shard)  # an unknown slug is told once, not by four processes again and again
    bound = [*(f"--organization={slug}" for slug in only), *(f"--except={slug}" for slug in but)]
    bound += [f"--shard={shard}"] if shard else []
    with Supervisor(worker_children(settings, bound), settings.grace_seconds + STOP_MARGIN_SECONDS) as supervisor:
        supervisor.catch_signals()
        supervisor.wait()


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: Sequence[str]) -> None:
    """Run the stand-in for WhatsApp alone (see its own --help)."""
    from adsapp.sandbox.__main__ import main

    sys.exit(main(list(arguments)))

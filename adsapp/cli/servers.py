"""`adsapp web`, `adsapp worker`, `adsapp sandbox`."""

import os
import signal
import sys
import threading
from collections.abc import Sequence

import click

from adsapp.cli import readiness
from adsapp.cli.readiness import open_app
from adsapp.config import ROOT, Settings
from adsapp.core.gc_tuning import leave_alone_what_is_there
from adsapp.jobs import Queue
from adsapp.processes.commands import absolute_home, web_command, worker_children
from adsapp.processes.supervisor import DRAINED, STOP_MARGIN_SECONDS, Supervisor


@click.command()
def web() -> None:
    """Serve the console and the API."""
    settings = Settings.load()
    readiness.check_port(settings.host, settings.port, "PORT")
    open_app()
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
def worker(queues: Sequence[str]) -> None:
    """Work on the queues until SIGTERM.

    Running jobs then get their grace (GRACE_SECONDS).
    """
    if not queues:
        _one_process_a_queue()
        return
    from adsapp.alerts.watching import Watcher
    from adsapp.core.observing import observe
    from adsapp.jobs.engine.worker import WorkerProcess
    from adsapp.schedules.dispatcher import Dispatcher

    app = open_app(pages=False)
    observe(app.config["SETTINGS"], "adsapp-worker")
    process = WorkerProcess(app, [Queue(name) for name in queues], [Dispatcher(app), Watcher(app)])
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


def _one_process_a_queue() -> None:
    settings = Settings.load()
    open_app()
    with Supervisor(worker_children(settings), settings.grace_seconds + STOP_MARGIN_SECONDS) as supervisor:
        supervisor.catch_signals()
        supervisor.wait()


@click.command(context_settings={"ignore_unknown_options": True, "help_option_names": []})
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def sandbox(arguments: Sequence[str]) -> None:
    """Run the stand-in for WhatsApp alone (see its own --help)."""
    from adsapp.sandbox.__main__ import main

    sys.exit(main(list(arguments)))

"""`python -m tests.schedules.dying STEP`: a worker process whose dispatcher dies at one step of a fire, as by kill -9.

"never" lives. The kind of job of the tests is registered.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, NoReturn

from adsapp.cli.readiness import open_app
from adsapp.core import db
from adsapp.jobs import Queue, across, registry
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.schedules import firing, overlapping
from adsapp.schedules.dispatcher import Dispatcher
from tests.schedules.scene import TICKS, tick


def die(*_: Any, **__: Any) -> NoReturn:
    """Gone, and nothing is tidied up."""
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("still here")


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    """Do it, then die."""

    def done(*arguments: Any, **named: Any) -> NoReturn:
        function(*arguments, **named)
        die()

    return done


# By the step that is the last thing done, or for `…ing` the first that is not.
STEPS: dict[str, Callable[[], None]] = {
    "claimed": lambda: setattr(firing._Batch, "add", die),
    "decided": lambda: setattr(firing, "insert_many", die),
    "fires written": lambda: setattr(across, "add_jobs", die),
    "jobs written": lambda: setattr(firing, "update_many", die),
    "schedules written": lambda: setattr(firing._Batch, "write", after(firing._Batch.write)),
    "committed": lambda: setattr(Dispatcher, "_wake", die),
    "woken": lambda: setattr(Dispatcher, "_wake", after(Dispatcher._wake)),
    "cancelling": lambda: setattr(overlapping, "cancel_old", die),
    "cancelled": lambda: setattr(overlapping, "cancel_old", after(_cancel_and_flush)),
    "never": lambda: None,
}


def _cancel_and_flush(fire_id: int) -> None:
    _cancel_old(fire_id)
    db.session.flush()


_cancel_old = overlapping.cancel_old


def main() -> None:
    """Work until SIGTERM, or until that step."""
    registry.processor("tick", queue=Queue.TEMPLATE_PROCESSING, recurs=TICKS)(tick)
    STEPS[sys.argv[1]]()
    app, stop = open_app(), threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    process = WorkerProcess(app, [Queue.TEMPLATE_PROCESSING], [Dispatcher(app)])
    process.start()
    while not stop.wait(0.2):
        pass
    process.stop()


if __name__ == "__main__":
    main()

"""Worker processes for chaos: `python -m tests.chaos.worker` forks one for each line that it reads.

A line is "works" or "dies-in-dispatch"; the answer is the new process's id. Everything is imported once here and
nothing is opened, so a worker that was killed is replaced within a tenth of a second. The second kind differs in one
thing only: it dies between a sweep's commit and its first push.
"""

import os
import signal
import sys
import threading
from typing import Any, NoReturn

from flask import Flask

from adsapp import create_core
from adsapp.config import Settings
from adsapp.core.gc_tuning import leave_alone_what_is_there
from adsapp.integrations import extension  # noqa: F401  # what `create_core` imports, once for all children
from adsapp.jobs.engine import dispatch
from adsapp.jobs.engine.worker import WorkerProcess
from tests.chaos.moods import QUEUES, registered

# A lost message is missed sooner than in an installation, or a run would mostly wait for this.
DISPATCH_AGAIN_SECONDS = 3


class Dying:
    """A broker whose first push never happens: the process is gone."""

    def __init__(self, broker: Any) -> None:
        self._broker = broker

    def __getattr__(self, name: str) -> Any:
        return self._die if name.startswith("push") else getattr(self._broker, name)

    def _die(self, *_: object) -> NoReturn:
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("still here")


def main() -> None:
    """Fork until the end of the input; children are nobody's zombies."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    leave_alone_what_is_there()  # each child would go through it all and copy what it touches
    parent = os.getpid()
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _work(line.strip(), parent)
            os._exit(0)
        print(pid, flush=True)


def _work(kind: str, parent: int) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    dispatch.DISPATCH_AGAIN_SECONDS = DISPATCH_AGAIN_SECONDS
    app = create_core(Settings.load())
    if kind == "dies-in-dispatch":
        app.extensions["broker"] = Dying(app.extensions["broker"])
    with registered():
        _run(app, stop, parent)


def _run(app: Flask, stop: threading.Event, parent: int) -> None:
    process = WorkerProcess(app, QUEUES)
    process.start()
    while not stop.wait(1) and os.getppid() == parent:  # nobody is left behind where the run itself is killed
        pass
    process.stop()


if __name__ == "__main__":
    main()

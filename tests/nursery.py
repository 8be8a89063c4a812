"""Processes that begin with everything imported: to import the application takes longer than most of what they do.

Each is forked from one that has imported all and opened nothing, so it is what `python -m …` is a second after its
start. That it starts from nothing, too, is for tests/test_installed.py to show.
"""

import ctypes
import gc
import multiprocessing
import os
import runpy
import signal
import sys
from collections.abc import Mapping, Sequence
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from adsapp import blueprints
from adsapp.processes.supervisor import PR_SET_PDEATHSIG

PROGRAMS = ("gunicorn.app.wsgiapp", "gunicorn.workers.gthread", "adsapp.cli.servers", "adsapp.jobs.engine.worker")
blueprints()  # imports every feature
# Each child would go through it all and copy what it touches. A test process, which imports this too, loses nothing.
gc.freeze()
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload([*PROGRAMS, "adsapp.sandbox.running", "huey_tasks", __name__])


def born(
    module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path | None = None
) -> ForkServerProcess:
    """`python -m MODULE ARGUMENTS` under this environment, started; its standard error goes to the end of `log`."""
    process = _context.Process(target=_live, args=(module, list(arguments), dict(environment), log))
    process.start()
    return process


def _live(module: str, arguments: list[str], environment: dict[str, str], log: Path | None) -> None:
    if log is not None:
        os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), sys.stderr.fileno())
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)

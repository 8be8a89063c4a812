"""`python -m adsapp.server MODULE:APPLICATION`: the web server, in one process or several."""

import argparse
import resource
import sys
import tempfile
from importlib import import_module
from typing import TYPE_CHECKING

from adsapp.processes.supervisor import STOP_MARGIN_SECONDS, Child, Supervisor
from adsapp.server.serving import listen, serve

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ONE_OF_SEVERAL = "--one-of-several"


def main() -> None:
    """Serve until SIGTERM."""
    told = _told()
    if told.processes > 1 and not told.one_of_several:
        _supervise(told.processes)
        return
    _allow_many_connections()
    app = _application(told.application)
    serve(app, listen(told.host, told.port, shared=told.one_of_several), told.threads)


def _told() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="adsapp.server", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--threads", type=int, default=8, help="requests that one process works on at a time")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument(ONE_OF_SEVERAL, action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("application", help="where it is: MODULE:NAME, or MODULE:FUNCTION() that makes it")
    return parser.parse_args()


def _supervise(processes: int) -> None:
    """Several processes listen to one port; the kernel gives each connection to one of them."""
    command = [sys.executable, "-m", "adsapp.server", *sys.argv[1:], ONE_OF_SEVERAL]
    with tempfile.TemporaryDirectory(prefix="adsapp-metrics-") as figures:
        shared = {"PROMETHEUS_MULTIPROC_DIR": figures}  # whichever is asked for figures adds up those of all
        children = [Child(f"web {number}", command, shared) for number in range(1, processes + 1)]
        with Supervisor(children, STOP_MARGIN_SECONDS + 5, lambda pid: _forget(pid, figures)) as supervisor:
            supervisor.catch_signals()
            supervisor.wait()


def _forget(pid: int, figures: str) -> None:
    """What a process that died shows of itself goes; what it counted stays, or the sums would fall."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(pid, figures)  # type: ignore[no-untyped-call]


def _allow_many_connections() -> None:
    """Each connection is a file descriptor, and each large body one more; the usual limit is 1,024."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def _application(where: str) -> "WSGIApplication":
    module, _, name = where.partition(":")
    found = getattr(import_module(module), name.removesuffix("()"))
    app: WSGIApplication = found() if name.endswith("()") else found
    return app


if __name__ == "__main__":
    main()

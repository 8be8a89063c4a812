"""How the web and the workers are started."""

import sys
from collections.abc import Sequence

from adsapp.config import Settings
from adsapp.jobs import Queue
from adsapp.processes.supervisor import Child


def web_command(settings: Settings) -> list[str]:
    """The web server over the application."""
    return [
        sys.executable,
        "-m",
        "adsapp.server",
        f"--host={settings.host}",
        f"--port={settings.port}",
        f"--threads={settings.web_threads}",
        f"--processes={settings.web_processes}",
        "adsapp.wsgi:app",
    ]


def worker_children(settings: Settings, bound: Sequence[str] = ()) -> list[Child]:
    """One process for each queue, so that an import that needs the CPU slows no sender; `bound` are the options that
    say which organizations they serve."""
    return [
        Child(
            f"worker {queue}",
            [sys.executable, "-m", "adsapp", "worker", "--queue", queue.value, *bound],
            absolute_home(settings),
        )
        for queue in Queue
    ]


def absolute_home(settings: Settings) -> dict[str, str]:
    """ADSAPP_HOME for a process that starts in another folder than this one, where a relative path means another."""
    return {"ADSAPP_HOME": str(settings.home.resolve())}

"""How the web and the workers are started."""

import sys

from adsapp.config import Settings
from adsapp.jobs import Queue
from adsapp.processes.supervisor import Child


def web_command(settings: Settings) -> list[str]:
    """gunicorn over `app:app`."""
    return [
        sys.executable,
        "-m",
        "gunicorn",
        "--worker-class=gthread",
        f"--threads={settings.web_threads}",
        f"--workers={settings.web_processes}",
        f"--bind={settings.host}:{settings.port}",
        "--graceful-timeout=10",
        "--keep-alive=30",
        "--log-level=warning",
        "--no-control-socket",
        "app:app",
    ]


def worker_children() -> list[Child]:
    """One process for each queue, so that an import that needs the CPU slows no sender."""
    return [
        Child(f"worker {queue}", [sys.executable, "-m", "adsapp", "worker", "--queue", queue.value]) for queue in Queue
    ]

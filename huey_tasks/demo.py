"""A job that succeeds, fails, crawls or dies as it is told, for trying the engine and its pages."""

import os
import signal
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Any

from adsapp.jobs import JobFailed, Progress, Queue, processor
from adsapp.organizations.policy import Permission


class Mood(StrEnum):
    """How the job behaves."""

    SUCCEEDS = "succeeds"
    FAILS_ONCE = "fails_once"
    FAILS_ALWAYS = "fails_always"
    CRAWLS = "crawls"
    DIES = "dies"  # takes its whole worker process down


@dataclass(frozen=True)
class DemoParams:
    """The mood, and how many steps of how many seconds."""

    mood: Mood
    steps: int = 10
    step_seconds: float = 0.0


@processor("demo", queue=Queue.TEMPLATE_PROCESSING, demo_only=True, needs=Permission.SEND)
def demo(params: DemoParams, progress: Progress) -> dict[str, Any]:
    """A demo job"""
    if params.mood is Mood.FAILS_ALWAYS or (params.mood is Mood.FAILS_ONCE and progress.attempt == 1):
        raise JobFailed("demo", f"This job was asked to fail (attempt {progress.attempt}).")
    if params.mood is Mood.DIES:
        os.kill(os.getpid(), signal.SIGKILL)
    progress.start(params.steps)
    pace = Event()  # never set: waiting for it is a pause
    for _ in range(params.steps):
        if params.step_seconds:
            pace.wait(params.step_seconds)
        progress.advance()
    return {"steps": params.steps}

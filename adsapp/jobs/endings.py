"""Features that must know when a job of theirs was cancelled before a worker had it (a worker tells them by itself)."""

from collections.abc import Callable

from adsapp.jobs.models import Job

Hook = Callable[[Job, str], None]

_hooks: dict[str, Hook] = {}


def when_cancelled(processor: str, hook: Hook) -> None:
    """Call `hook(job, by)` in the transaction that cancels a waiting or delayed job of this processor."""
    _hooks[processor] = hook


def is_told(processor: str) -> bool:
    """True where a feature wants to know."""
    return processor in _hooks


def tell_cancelled(job: Job, by: str) -> None:
    """The job was cancelled without running."""
    if is_told(job.processor):
        _hooks[job.processor](job, by)

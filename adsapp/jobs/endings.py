"""Features that must know when a job of theirs is cancelled.

Before a worker had it, they are told here. Once a worker had it, the processor always sees the cancellation
(`progress.check`), if need be by being begun once more for nothing else (`finishing`).
"""

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

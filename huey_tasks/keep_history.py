"""Removes jobs and history older than HISTORY_DAYS; workers enqueue one job a day for each organization."""

from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor, retention


@dataclass(frozen=True)
class KeepHistoryParams:
    """No parameters: the setting HISTORY_DAYS says how long."""


@processor(retention.PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, internal=True, timeout_seconds=3600)
def keep_history(params: KeepHistoryParams, progress: Progress) -> dict[str, Any]:
    """Remove old history of jobs"""
    return dict(retention.keep_history(progress))

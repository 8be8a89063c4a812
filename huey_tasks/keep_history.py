"""Removes the record of jobs that is older than HISTORY_DAYS; every worker asks for one a day and organization."""

from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor, retention


@dataclass(frozen=True)
class KeepHistoryParams:
    """Nothing to choose: the setting says how long."""


@processor(retention.PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, internal=True, timeout_seconds=3600)
def keep_history(params: KeepHistoryParams, progress: Progress) -> dict[str, Any]:
    """Remove old history of jobs"""
    return dict(retention.keep_history(progress))

"""Removes jobs and history older than HISTORY_DAYS, and what was before imports that old; workers enqueue one job a day
for each organization."""

from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor, retention


@dataclass(frozen=True)
class KeepHistoryParams:
    """No parameters: the setting HISTORY_DAYS says how long."""


@processor(retention.PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, internal=True, timeout_seconds=3600)
def keep_history(params: KeepHistoryParams, progress: Progress) -> dict[str, Any]:
    """Remove old history of jobs"""
    from adsapp.contacts.imports.undo import service as undo

    return {**retention.keep_history(progress), "undo_values": undo.forget_old(progress)}

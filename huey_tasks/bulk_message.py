"""Sends a campaign."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.campaigns import items, sending
from adsapp.jobs.endings import when_cancelled
from adsapp.jobs.items import register_items
from adsapp.jobs.progress import Progress
from adsapp.jobs.registry import processor
from adsapp.jobs.states import Queue


@dataclass(frozen=True)
class BulkMessageParams:
    """Which campaign."""

    campaign_id: uuid.UUID


register_items("bulk-message", items.recipients_as_items)
when_cancelled("bulk-message", items.job_was_cancelled)


@processor("bulk-message", queue=Queue.BULK_MESSAGES)
def bulk_message(params: BulkMessageParams, progress: Progress) -> dict[str, Any] | None:
    """Send a campaign"""
    return sending.send(params.campaign_id, progress)

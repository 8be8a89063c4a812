"""Sends a campaign."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.campaigns import sending
from adsapp.jobs.progress import Progress
from adsapp.jobs.registry import processor
from adsapp.jobs.states import Queue


@dataclass(frozen=True)
class BulkMessageParams:
    """Which campaign."""

    campaign_id: uuid.UUID


@processor("bulk-message", queue=Queue.BULK_MESSAGES)
def bulk_message(params: BulkMessageParams, progress: Progress) -> dict[str, Any] | None:
    """Send a campaign"""
    return sending.send(params.campaign_id, progress)

"""Sends a campaign."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.core.pagination import Page
from adsapp.jobs import ItemRow, Job, Progress, Queue, processor
from adsapp.jobs.queries.items import register_items
from adsapp.jobs.registry import when_cancelled
from adsapp.organizations.auditing import By


@dataclass(frozen=True)
class BulkMessageParams:
    """Which campaign."""

    campaign_id: uuid.UUID


def _items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    from adsapp.campaigns.sending import job_hooks

    return job_hooks.recipients_as_items(job, status, cursor, limit)


def _tell_campaign(job: Job, by: By) -> None:
    from adsapp.campaigns.sending import job_hooks

    job_hooks.job_was_cancelled(job, by)


register_items("bulk-message", _items)
when_cancelled("bulk-message", _tell_campaign)


OVER = "A cancelled campaign is over: who was not sent to was left out. “Use again” on its page makes a new one."


@processor("bulk-message", queue=Queue.BULK_MESSAGES, over_once_cancelled=OVER)
def bulk_message(params: BulkMessageParams, progress: Progress) -> dict[str, Any] | None:
    """Send a campaign"""
    from adsapp.campaigns.sending import job as sending

    return sending.send(params.campaign_id, progress)

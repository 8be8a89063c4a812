"""Applies the webhooks that the provider delivered."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class ApplyWebhooksParams:
    """The WhatsApp account whose deliveries are applied."""

    account_id: uuid.UUID


@processor("apply-webhooks", queue=Queue.TEMPLATE_PROCESSING, internal=True)
def apply_webhooks(params: ApplyWebhooksParams, progress: Progress) -> dict[str, Any]:
    """Take in delivery reports and replies from WhatsApp"""
    from adsapp.campaigns.webhooks import apply

    return {"deliveries": apply.apply_all(params.account_id, progress)}

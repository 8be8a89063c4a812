"""Sends a campaign."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.campaigns.subject import CAMPAIGN
from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class BulkMessageParams:
    """The campaign to send, and to the people of which round: those of the second are sent to again, and so on."""

    campaign_id: uuid.UUID
    round: int = 1


OVER = "A cancelled campaign is over: who was not sent to was left out. “Use again” on its page makes a new one."


@processor(
    "bulk-message",
    queue=Queue.BULK_MESSAGES,
    subject=CAMPAIGN,
    items=lazy("adsapp.campaigns.sending.job_hooks:recipients_as_items"),
    counts=lazy("adsapp.campaigns.sending.job_hooks:what_it_counts"),
    on_cancel=lazy("adsapp.campaigns.sending.job_hooks:job_was_cancelled"),
    on_begin=lazy("adsapp.campaigns.sending.job_hooks:job_was_begun"),
    reach=lazy("adsapp.campaigns.sending.job_hooks:people_reached"),
    needs=Permission.SEND,
    final_if_cancelled=OVER,
)
def bulk_message(params: BulkMessageParams, progress: Progress) -> dict[str, Any] | None:
    """Send a campaign"""
    from adsapp.campaigns.sending import job as sending

    return sending.send(params.campaign_id, progress)

"""Applies what the provider of e-mail reported."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class ApplyEmailWebhooksParams:
    """The e-mail account whose deliveries are applied."""

    account_id: uuid.UUID


@processor("apply-email-webhooks", queue=Queue.EMAIL_NOTIFICATION, internal=True)
def apply_email_webhooks(params: ApplyEmailWebhooksParams, progress: Progress) -> dict[str, Any]:
    """Take in reports of e-mails from Resend"""
    from adsapp.emails.webhooks import apply

    return {"deliveries": apply.apply_all(params.account_id, progress)}

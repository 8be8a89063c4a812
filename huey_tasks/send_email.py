"""Sends an e-mail to many people."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.emails.subject import EMAIL
from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class SendEmailParams:
    """The e-mail to send."""

    email_id: uuid.UUID


OVER = "A cancelled e-mail is over: who was not sent to was left out. “Use again” on its page makes a new one."


@processor(
    "send-email",
    queue=Queue.EMAIL_NOTIFICATION,
    subject=EMAIL,
    items=lazy("adsapp.emails.sending.job_hooks:recipients_as_items"),
    on_cancel=lazy("adsapp.emails.sending.job_hooks:job_was_cancelled"),
    on_begin=lazy("adsapp.emails.sending.job_hooks:job_was_begun"),
    reach=lazy("adsapp.emails.sending.job_hooks:people_reached"),
    needs=Permission.SEND,
    final_if_cancelled=OVER,
)
def send_email(params: SendEmailParams, progress: Progress) -> dict[str, Any] | None:
    """Send an e-mail"""
    from adsapp.emails.sending import job

    return job.send(params.email_id, progress)

"""Reads an account's templates from the provider."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.jobs.registry import Recurring
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class SyncTemplatesParams:
    """The WhatsApp account whose templates are read."""

    account_id: uuid.UUID


@processor(
    "sync-templates",
    queue=Queue.TEMPLATE_PROCESSING,
    needs=Permission.MANAGE,
    recurs=Recurring(
        what="Read the templates",
        check=lazy("adsapp.message_templates.recurring:check"),
        words=lazy("adsapp.message_templates.recurring:words"),
        choices=lazy("adsapp.message_templates.recurring:choices"),
        define=lazy("adsapp.message_templates.recurring:define"),
        chooses="The WhatsApp account whose templates are read",
        nothing_yet="No WhatsApp account is connected yet. Connect one under Settings first.",
    ),
)
def sync_templates(params: SyncTemplatesParams, progress: Progress) -> dict[str, Any]:
    """Read the templates from WhatsApp"""
    from adsapp.message_templates import service

    return {"templates": service.sync(params.account_id, progress)}

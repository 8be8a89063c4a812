"""Reads an account's templates from the provider."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class SyncTemplatesParams:
    """The WhatsApp account whose templates are read."""

    account_id: uuid.UUID


@processor("sync-templates", queue=Queue.TEMPLATE_PROCESSING, needs=Permission.MANAGE)
def sync_templates(params: SyncTemplatesParams, progress: Progress) -> dict[str, Any]:
    """Read the templates from WhatsApp"""
    from adsapp.message_templates import service

    return {"templates": service.sync(params.account_id, progress)}

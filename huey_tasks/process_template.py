"""Renders a template for many people."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission
from adsapp.renderings.subject import RENDERING


@dataclass(frozen=True)
class ProcessTemplateParams:
    """The rendering to make."""

    rendering_id: uuid.UUID


@processor(
    "process-template",
    queue=Queue.TEMPLATE_PROCESSING,
    subject=RENDERING,
    items=lazy("adsapp.renderings.job_hooks:rows_as_items"),
    needs=Permission.SEND,
    timeout_seconds=3600,
)
def process_template(params: ProcessTemplateParams, progress: Progress) -> dict[str, Any]:
    """Render a template for many people"""
    from adsapp.renderings import run

    return run.run_rendering(params.rendering_id, progress)

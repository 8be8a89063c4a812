"""Finds out what an import of an uploaded file would do, and leaves everything as it is."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.contacts.imports.subject import IMPORT
from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class TryImportParams:
    """The import to try; its row has the columns and options."""

    import_id: uuid.UUID


@processor(
    "try-import",
    queue=Queue.CONTACT_IMPORT,
    subject=IMPORT,
    on_begin=lazy("adsapp.contacts.imports.job_hooks:job_was_begun"),
    needs=Permission.MANAGE,
)
def try_import(params: TryImportParams, progress: Progress) -> dict[str, Any]:
    """Try an import"""
    from adsapp.contacts.imports.trial.run import run_trial

    return run_trial(params.import_id, progress)

"""Imports contacts from an uploaded file."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.contacts.imports.subject import IMPORT
from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class ImportContactsParams:
    """The import to run; its row has everything else."""

    import_id: uuid.UUID


@processor(
    "import-contacts",
    queue=Queue.CONTACT_IMPORT,
    subject=IMPORT,
    items=lazy("adsapp.contacts.imports.job_hooks:rows_as_items"),
    on_begin=lazy("adsapp.contacts.imports.job_hooks:job_was_begun"),
    needs=Permission.MANAGE,
)
def import_contacts(params: ImportContactsParams, progress: Progress) -> dict[str, Any]:
    """Import contacts"""
    from adsapp.contacts.imports.run import run_import

    return run_import(params.import_id, progress)

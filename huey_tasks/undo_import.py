"""Puts the contacts of an import back as they were before it."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.contacts.imports.subject import IMPORT
from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class UndoImportParams:
    """The import to undo; its row and the rows of its contacts have everything else."""

    import_id: uuid.UUID


@processor(
    "undo-import",
    queue=Queue.CONTACT_IMPORT,
    subject=IMPORT,
    on_begin=lazy("adsapp.contacts.imports.job_hooks:job_was_begun"),
    needs=Permission.MANAGE,
)
def undo_import(params: UndoImportParams, progress: Progress) -> dict[str, Any]:
    """Undo an import"""
    from adsapp.contacts.imports.undo.run import run_undo

    return run_undo(params.import_id, progress)

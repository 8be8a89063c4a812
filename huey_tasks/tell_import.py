"""Tells who started an import how it ended."""

import uuid
from dataclasses import dataclass

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class TellImportParams:
    """An import whose job has ended, and who is to hear of it."""

    import_id: uuid.UUID
    user_id: uuid.UUID


@processor("tell-import", queue=Queue.EMAIL_NOTIFICATION, internal=True)
def tell_import(params: TellImportParams, progress: Progress) -> None:
    """Tell how an import ended"""
    from adsapp.contacts.imports.telling import tell_ended

    tell_ended(params.import_id, params.user_id)
    progress.commit()

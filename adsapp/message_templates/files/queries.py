"""Reads of kept files."""

import uuid
from collections.abc import Sequence

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import NotFound
from adsapp.core.ids import parse_id
from adsapp.message_templates.models import HeaderFile

MOST_SHOWN = 200


def list_files(kind: str = "") -> Sequence[HeaderFile]:
    """The newest files, of one kind if it is named."""
    query = select(HeaderFile).where(HeaderFile.kind == kind) if kind else select(HeaderFile)
    return db.session.scalars(query.order_by(HeaderFile.id.desc()).limit(MOST_SHOWN)).all()


def find_file(file_id: uuid.UUID) -> HeaderFile | None:
    """The file, None if it was deleted."""
    return db.session.scalars(select(HeaderFile).where(HeaderFile.id == file_id)).first()


def get_file(file_id: str | uuid.UUID) -> HeaderFile:
    """The file; raises NotFound."""
    wanted = file_id if isinstance(file_id, uuid.UUID) else parse_id(file_id)
    found = find_file(wanted) if wanted else None
    if found is None:
        raise NotFound("There is no such file; it may have been deleted")
    return found

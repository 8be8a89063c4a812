"""How long an upload waits to be imported; and files that no import knows, which an accident left behind."""

import contextlib
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, select

from adsapp.contacts.imports import uploads
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.core.ids import first_id_of, parse_id

ID_LENGTH = 36


def discard_abandoned(before: datetime, limit: int) -> int:
    """Remove some uploads from before whose import nobody began, with their files; returns how many."""
    # An id begins with the time it was made: only old imports are looked at.
    abandoned = select(Import.id).where(Import.id < first_id_of(before), Import.status == ImportStatus.MAPPING)
    some = abandoned.order_by(Import.id).limit(limit)
    # Asked again where it is removed: somebody may have begun it just now.
    still = delete(Import).where(Import.id.in_(some), Import.status == ImportStatus.MAPPING).returning(Import.path)
    paths = db.session.execute(still, execution_options={"synchronize_session": False}).scalars().all()
    db.after_commit(lambda: _remove_all(paths))
    return len(paths)


def _remove_all(paths: Iterable[str]) -> None:
    for path in paths:
        uploads.remove(path)


def remove_strays(before: datetime, limit: int) -> int:
    """Remove some files from before that belong to no import of the organization; returns how many."""
    known = {None, *db.session.scalars(select(Import.id))}
    strays = (file for file in _files_from_before(before) if _import_of(file) not in known)
    some = list(islice(strays, limit))
    for file in some:
        file.unlink(missing_ok=True)
    return len(some)


def _import_of(file: Path) -> uuid.UUID | None:
    """By its name, as that of what was made of an upload beside it; None for a file that is none of ours."""
    return parse_id(file.name[:ID_LENGTH])


def _files_from_before(before: datetime) -> Iterator[Path]:
    folder = uploads.own_directory()
    for file in folder.iterdir() if folder.is_dir() else ():
        with contextlib.suppress(FileNotFoundError):  # somebody removes it just now
            if file.stat().st_mtime < before.timestamp():
                yield file

"""Uploaded files on disk, below ADSAPP_HOME/uploads, in one directory for each organization.

In the distributed shape, web and worker machines must share that directory.
"""

import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from adsapp.contacts.imports.sheets.workbook import remove_beside
from adsapp.core import context, db, files
from adsapp.core.web.limits import MB, too_large


@dataclass(frozen=True)
class Upload:
    """A stored upload; `path` is relative to the uploads directory."""

    path: str
    sha256: str
    size_bytes: int


def full_path(path: str) -> Path:
    """The upload's path on this machine."""
    return uploads_directory() / path


def uploads_directory() -> Path:
    """The directory of all uploads."""
    return context.settings().home / "uploads"


def own_directory() -> Path:
    """The directory of the bound organization's uploads."""
    return uploads_directory() / str(db.require_organization_id())


def save(stream: IO[bytes], upload_id: uuid.UUID) -> Upload:
    """Write the stream to disk as it arrives. Raises TooLarge, and then keeps nothing."""
    target = own_directory() / str(upload_id)
    settings = context.settings()
    try:
        written = files.write(stream, target, settings.max_upload_mb * MB)
    except files.TooMuch:
        raise too_large(settings) from None
    return Upload(target.relative_to(uploads_directory()).as_posix(), written.sha256, written.size)


def remove(path: str) -> None:
    """Delete an upload and what was made of it; does nothing if it is gone already."""
    file = full_path(path)
    file.unlink(missing_ok=True)
    remove_beside(file)

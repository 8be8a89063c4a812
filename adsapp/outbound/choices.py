"""What people choose from when they compose something for many: tags, imports, time zones."""

import re
from typing import Final
from zoneinfo import available_timezones

from sqlalchemy import exists, select

from adsapp.contacts.imports.queries import IN_LISTS
from adsapp.contacts.models import Import, ImportStatus, ImportUndo, Tag
from adsapp.core import db

MOST_TAGS, MOST_IMPORTS = 200, 50
ZONES: Final = ("UTC", *sorted(name for name in available_timezones() if re.match(r"(?!Etc|SystemV)[A-Z]\w+/", name)))

Option = tuple[str, str]


def tag_names() -> list[str]:
    """By alphabet."""
    return list(db.session.scalars(select(Tag.name).order_by(Tag.name).limit(MOST_TAGS)))


def import_options() -> list[Option]:
    """Imports that are done and were not undone, newest first."""
    undone = exists().where(ImportUndo.import_id == Import.id, ImportUndo.finished_at.is_not(None))
    completed = select(Import).options(*IN_LISTS).where(Import.status == ImportStatus.COMPLETED, ~undone)
    done = completed.order_by(Import.id.desc()).limit(MOST_IMPORTS)
    options = [
        (str(each.id), f"{each.file_name} · {each.created_at:%-d %b %Y, %H:%M} · {_taken(each):,} people")
        for each in db.session.scalars(done)
    ]
    return [("", "Choose an import"), *options]


def _taken(imported: Import) -> int:
    return imported.created + imported.updated + imported.unchanged

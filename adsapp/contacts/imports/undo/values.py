"""What was there before an import, as it is kept with each contact that the import changed. Pure.

    {"fields": {"name": "Jo"}, "updated_at": "2026-11-02T08:15:00.123456+00:00", "tags": [ids], "opted_out": false}

`fields` has the old value of each field that differs (attributes all together: the contact is put back only if nobody
has changed it since), `tags` what the import added, `opted_out` whether its consent column said no.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from adsapp.contacts.merge import ContactFields


def before(
    old: ContactFields, new: ContactFields, updated_at: datetime, *, tags: Sequence[uuid.UUID], opted_out: bool
) -> dict[str, Any]:
    """The value that is kept."""
    was, is_now = old._asdict(), new._asdict()
    return {
        "fields": {name: value for name, value in was.items() if value != is_now[name]},
        "updated_at": updated_at.isoformat(),
        "tags": [str(tag_id) for tag_id in tags],
        "opted_out": opted_out,
    }


@dataclass(frozen=True, slots=True)
class Before:
    """The same as it is read again."""

    fields: dict[str, Any]
    updated_at: datetime
    tags: tuple[uuid.UUID, ...]
    opted_out: bool

    @classmethod
    def of(cls, stored: dict[str, Any]) -> "Before":
        """From what is stored."""
        tags = tuple(map(uuid.UUID, stored["tags"]))
        return cls(stored["fields"], datetime.fromisoformat(stored["updated_at"]), tags, stored["opted_out"])

    def onto(self, now: ContactFields) -> ContactFields:
        """The contact's fields as they were."""
        return now._replace(**self.fields)

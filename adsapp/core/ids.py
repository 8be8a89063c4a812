"""Public ids: UUIDv7, which sort by their time of creation."""

import uuid
from datetime import datetime

import uuid_utils


def new_id() -> uuid.UUID:
    """A new UUIDv7."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def first_id_of(moment: datetime) -> uuid.UUID:
    """The smallest id that can be made at this moment; all earlier ids are smaller (RFC 9562, 5.7)."""
    milliseconds = max(0, int(moment.timestamp() * 1000))  # an id cannot be older than 1970
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def parse_id(text: str) -> uuid.UUID | None:
    """The id in a text, or None if it is not an id (callers answer 404)."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

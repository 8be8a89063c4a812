"""Public ids: UUIDv7, which sort by the time they were made."""

import uuid

import uuid_utils


def new_id() -> uuid.UUID:
    """A fresh UUIDv7."""
    return uuid.UUID(int=uuid_utils.uuid7().int)


def parse_id(text: str) -> uuid.UUID | None:
    """The id in a text, or None where it is none (callers answer 404)."""
    try:
        return uuid.UUID(text)
    except ValueError:
        return None

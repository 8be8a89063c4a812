"""What a variable for a picture, a video or a document may be: an address, the provider's id of a file, or a file kept
here, which is written `file:ID`. Pure.
"""

from __future__ import annotations

import re
import uuid
from typing import Final

from adsapp.core.ids import parse_id
from adsapp.integrations.values import clean, is_link

PREFIX: Final = "file:"
_PROVIDER_ID: Final = re.compile(r"\d{5,40}", re.ASCII)


def of_file(file_id: uuid.UUID) -> str:
    """The value that means a file kept here."""
    return f"{PREFIX}{file_id}"


def file_id_of(value: str) -> uuid.UUID | None:
    """The file that a value means, if it means one kept here."""
    return parse_id(value.removeprefix(PREFIX)) if value.startswith(PREFIX) else None


def why_none(value: str) -> str:
    """Why a text can be no picture, video or document, "" if it can."""
    text = clean(value)
    if is_link(text) or _PROVIDER_ID.fullmatch(text) or file_id_of(text) is not None:
        return ""
    called = f"“{text[:60]}”"
    return f"{called} is no address that begins with https:// or http://, no file kept here, and no id of WhatsApp's"

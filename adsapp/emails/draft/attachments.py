"""The files that go with an e-mail. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from adsapp.core.errors import FieldError, Invalid

MOST_FILES: Final = 20
MEGABYTE: Final = 1024 * 1024
# All of them, in base64 as they are sent (Resend's limit for one e-mail).
MOST_CHARACTERS: Final = 40 * MEGABYTE
_BASE64 = re.compile(r"[A-Za-z0-9+/]*={0,2}")
_NAME = re.compile(r'[^\x00-\x1f\x7f/\\:*?"<>|]{1,200}')
_TYPE = re.compile(r"[A-Za-z0-9!#$&^_.+-]{1,100}/[A-Za-z0-9!#$&^_.+-]{1,100}")
KEYS: Final = ("filename", "content_type", "content")


def read_attachments(given: Sequence[Mapping[str, Any]]) -> tuple[dict[str, str], ...]:
    """The files, checked; raises Invalid with what is wrong, each at its place."""
    errors = [*_together(given), *(error for place, each in enumerate(given) for error in _one(place, each))]
    if errors:
        raise Invalid("; ".join(error.message for error in errors), fields=errors)
    return tuple({name: str(each[name]) for name in KEYS if each.get(name)} for each in given)


def _together(given: Sequence[Mapping[str, Any]]) -> Iterator[FieldError]:
    if len(given) > MOST_FILES:
        yield FieldError("attachments", f"{len(given)} files are too many; {MOST_FILES} are allowed")
    size = sum(len(str(each.get("content") or "")) for each in given)
    if size > MOST_CHARACTERS:
        yield FieldError(
            "attachments",
            f"The attachments have {size / MEGABYTE:.1f} MB together, encoded as they are sent; Resend takes "
            f"{MOST_CHARACTERS // MEGABYTE} MB. Send a link to the file instead",
        )


def _one(place: int, each: Mapping[str, Any]) -> Iterator[FieldError]:
    where = f"attachments[{place}]"
    odd = sorted(str(name) for name in each if name not in KEYS)
    if odd:
        yield FieldError(f"{where}.{odd[0]}", f"{odd[0]!r} is not known here: use {', '.join(KEYS)}")
    if not _NAME.fullmatch(str(each.get("filename") or "")):
        yield FieldError(f"{where}.filename", "should be a file's name of at most 200 characters, without a path")
    if each.get("content_type") and not _TYPE.fullmatch(str(each["content_type"])):
        yield FieldError(f"{where}.content_type", "should be a type such as application/pdf")
    content = str(each.get("content") or "")
    if not content or len(content) % 4 or not _BASE64.fullmatch(content):
        yield FieldError(f"{where}.content", "should be the file in base64, in one line")

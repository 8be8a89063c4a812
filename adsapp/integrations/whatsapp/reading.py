"""Pieces of a webhook's JSON, read without ever raising. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any


def moment_of(value: object, otherwise: datetime) -> datetime:
    """Unix seconds as text or number (user_preferences sends a number, the rest text)."""
    try:
        moment = datetime.fromtimestamp(int(text_of(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
    return moment if moment.year >= 2009 else otherwise


def text_of(value: object) -> str:
    """Text that any database takes: no NUL, no half of a surrogate pair. Numbers become their digits, the
    rest ""."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**30 else ""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value.replace("\0", "")
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def dict_of(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

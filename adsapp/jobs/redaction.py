"""What may be shown of a job's data: no secret, no endless value, and nothing at all for those who only look."""

import re
from collections.abc import Mapping
from typing import Any

HIDDEN = "hidden"
NOT_YOURS = "hidden from your role"
LONGEST = 200
MOST_ENTRIES = 20
DEEPEST = 6

SECRET = re.compile(r"token|secret|passw|credential|authori[sz]ation|api_?key|encryption|signature", re.IGNORECASE)


def redact(value: Any, *, whole: bool, depth: int = 0) -> Any:
    """JSON as it may be shown. `whole` False keeps the names of the fields and hides every value."""
    if isinstance(value, Mapping):
        return _redact_fields(value, whole, depth) if depth < DEEPEST else HIDDEN
    if isinstance(value, list | tuple):
        return _redact_entries(value, whole, depth)
    if not whole:
        return NOT_YOURS
    if isinstance(value, str) and len(value) > LONGEST:
        return f"{len(value):,} characters, not shown"
    return value


def _redact_fields(fields: Mapping[str, Any], whole: bool, depth: int) -> dict[str, Any]:
    return {
        name: HIDDEN if SECRET.search(str(name)) else redact(value, whole=whole, depth=depth + 1)
        for name, value in fields.items()
    }


def _redact_entries(entries: list[Any] | tuple[Any, ...], whole: bool, depth: int) -> Any:
    if not whole:
        return NOT_YOURS
    shown = [redact(entry, whole=whole, depth=depth + 1) for entry in entries[:MOST_ENTRIES]]
    more = len(entries) - len(shown)
    return [*shown, f"{more:,} more, not shown"] if more else shown

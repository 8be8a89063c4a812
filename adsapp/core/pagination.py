"""Key-set paging: a page costs the same wherever it lies, and rows that arrive meanwhile shift nothing."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 50
MOST = 500


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the following page (None: this is the last)."""

    items: Sequence[T]
    next: str | None = None


def cut(rows: Sequence[T], limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """A page of `limit` out of `limit + 1` rows read; `cursor` names a row's place."""
    kept = rows[:limit]
    return Page(kept, cursor(kept[-1]) if len(rows) > limit else None)

"""Key-set paging: every page costs the same, and new rows do not shift the pages."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

PAGE = 50
MOST = 500


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some rows, and the cursor of the next page (None if this is the last)."""

    items: Sequence[T]
    next: str | None = None


def cut(rows: Sequence[T], limit: int, cursor: Callable[[T], str]) -> Page[T]:
    """A page of `limit` rows, made from `limit + 1` rows that were read; `cursor` gives the cursor after a row."""
    kept = rows[:limit]
    return Page(kept, cursor(kept[-1]) if len(rows) > limit else None)

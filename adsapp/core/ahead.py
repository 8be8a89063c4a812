"""Makes the next thing while the one before is worked on."""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(things: Iterable[T]) -> Iterator[T]:
    """The same things in the same order, each made by another thread while the caller has the one before.

    It pays where the caller waits for something else, a database for instance; none of the things may be None.
    """
    rest = iter(things)
    with ThreadPoolExecutor(1, "ahead") as thread:
        coming = thread.submit(next, rest, None)
        while (thing := coming.result()) is not None:
            coming = thread.submit(next, rest, None)
            yield thing

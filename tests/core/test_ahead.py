"""The next thing is made while the one before is worked on."""

import threading
from collections.abc import Iterator

import pytest

from adsapp.core.ahead import ahead


def test_the_next_is_made_meanwhile_and_an_error_comes_after_what_was_good() -> None:
    second = threading.Event()

    def things() -> Iterator[int]:
        yield 1
        second.set()
        yield 2
        raise ValueError("the third is broken")

    coming = ahead(things())
    assert next(coming) == 1
    assert second.wait(10)
    assert next(coming) == 2
    with pytest.raises(ValueError, match="third"):
        next(coming)


def test_whoever_stops_early_leaves_no_thread() -> None:
    coming = ahead(iter(range(1, 1000)))
    assert next(coming) == 1
    coming.close()  # type: ignore[attr-defined]  # a generator
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]

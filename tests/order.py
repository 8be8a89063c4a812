"""The long tests begin first, so that no process still has a minute to go while the others are done.

xdist hands tests out in this order: to each process two at its start, then one for each that is done. So a quick test
stands between every two long ones, or the longest would wait for one another in one process.
"""

from collections.abc import Iterable, Iterator
from itertools import zip_longest

import pytest

LONG = (  # by what one test takes, longest first
    "tests/chaos",
    "tests/browser",
    "tests/test_installed.py",
    "tests/journeys",
    "tests/core/web/test_odd_input.py",
    "tests/campaigns/sending/test_force.py",
    "tests/campaigns/test_ledger.py",
    "tests/demo",
    "tests/campaigns/sending",
    "tests/jobs/engine/test_properties.py",
    "tests/campaigns/webhooks",
    "tests/jobs/engine/test_light_worker.py",
    "tests/contacts/values/test_fast_answers.py",
)


def longest_first(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Those of `LONG` in its order, each followed by a quick one; then the rest, as they came."""
    places = {item: _place(item) for item in items}
    long = sorted((item for item, place in places.items() if place < len(LONG)), key=places.__getitem__)
    quick = [item for item, place in places.items() if place == len(LONG)]
    return list(_in_turn(long, quick))


def _place(item: pytest.Item) -> int:
    return next((place for place, path in enumerate(LONG) if item.nodeid.startswith(path)), len(LONG))


def _in_turn(long: list[pytest.Item], quick: list[pytest.Item]) -> Iterator[pytest.Item]:
    for pair in zip_longest(long, quick):
        yield from (item for item in pair if item is not None)

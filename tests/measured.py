"""Coverage looks at one test of each pair: the one on SQLite, the one that needs no database, or the one that runs.

To watch a line costs as much as to run it, and what PostgreSQL makes of it is shown by the test, not by the coverage.
Nor does it look at tests in a browser, at those that ask the same of hundreds of thousands of values, or into processes
that a test starts: a line that a server passes by is not shown by an assertion.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from coverage import Coverage

from tests.in_turns import ONLY_HERE

NOT_MEASURED = ("browser", "many_values")


@contextmanager
def looked_at(item: pytest.Item) -> Iterator[None]:
    """The test, with coverage if it is measured; without `--cov` nothing is."""
    coverage = Coverage.current()
    if coverage is None or _is_measured(item):
        yield
        return
    coverage.stop()
    try:
        yield
    finally:
        coverage.start()


def _is_measured(item: pytest.Item) -> bool:
    call = getattr(item, "callspec", None)
    shape = call.params.get("shape") if call else None
    is_twin = shape == "distributed" and ONLY_HERE not in item.stash
    return not is_twin and not any(map(item.get_closest_marker, NOT_MEASURED))

"""Coverage looks away from what it is not asked about, and looks again afterwards."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from coverage import Coverage

from tests.in_turns import ONLY_HERE
from tests.measured import looked_at


@pytest.fixture
def own() -> Iterator[Coverage]:
    """A measurement of our own, above the one of this run if there is one."""
    coverage = Coverage(data_file=None)
    coverage.start()
    yield coverage
    coverage.stop()


def item(marker: str = "", **params: str) -> Any:
    return SimpleNamespace(
        callspec=SimpleNamespace(params=params),
        get_closest_marker=lambda name: name == marker or None,
        stash=pytest.Stash(),
    )


def without_twin() -> Any:
    made = item(shape="distributed")
    made.stash[ONLY_HERE] = True
    return made


@pytest.mark.parametrize("test", [item(shape="distributed"), item("browser", shape="embedded"), item("many_values")])
def test_postgresql_the_browser_and_many_values_are_not_measured(own: Coverage, test: Any) -> None:
    with looked_at(test):
        assert Coverage.current() is not own
    assert Coverage.current() is own


@pytest.mark.parametrize("test", [item(), item(shape="embedded"), without_twin()])
def test_everything_else_is_measured(own: Coverage, test: Any) -> None:
    with looked_at(test):
        assert Coverage.current() is own
    assert Coverage.current() is own


def test_it_looks_again_after_a_test_that_failed(own: Coverage) -> None:
    with pytest.raises(AssertionError), looked_at(item(shape="distributed")):
        raise AssertionError
    assert Coverage.current() is own

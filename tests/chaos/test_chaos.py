"""Whatever is killed, flushed, crashed or frozen, every job ends as it should, and nothing is done twice.

A short run of each shape; `./run bench chaos` runs many long ones. Each says how to repeat it.
"""

from collections.abc import Iterator

import pytest

from tests.chaos import blows
from tests.chaos.ground import Ground
from tests.chaos.judging import shown
from tests.chaos.run import Size, run

SHORT = Size(jobs=60, blows=9, workers=2, span=5.0)


@pytest.fixture
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """Servers that nobody else uses, for they are crashed."""
    ground = Ground(request.param)
    ground.start()
    yield ground
    ground.stop()


@pytest.mark.parametrize("ground, seed", [("embedded", 1), ("distributed", 2)], indirect=["ground"])
def test_every_job_ends_as_it_should_whatever_is_killed(ground: Ground, seed: int) -> None:
    report = run(ground, seed, SHORT)
    again = f"again: ./run bench chaos --shape {ground.shape} --jobs {SHORT.jobs} --seed {seed}"
    assert not report.violations, f"{shown(report.violations)}\n{again}\n{report.last_words}"
    assert report.as_demanded == SHORT.jobs
    assert set(report.blows) == set(blows.kinds(ground.is_distributed))
    assert all(report.blows.values())

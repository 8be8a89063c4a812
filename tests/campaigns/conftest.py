"""A sandbox for the directory's tests, and the application connected to it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.campaigns.rehearsal import Rehearsal, rehearsing
from tests.cast import Cast
from tests.live import Live, on_the_air, running_sandbox


@pytest.fixture(scope="session")
def sandbox_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One sandbox process for many tests; each has a number of its own at it."""
    with running_sandbox(tmp_path_factory.mktemp("sandbox") / "config.json") as url:
        yield url


@pytest.fixture
def live(app: Flask, cast: Cast, sandbox_url: str) -> Iterator[Live]:
    """Harbour Bakery on the air, at 200 messages a second; workers are started by the test."""
    with on_the_air(app, cast, sandbox_url) as live:
        yield live


@pytest.fixture
def rehearsal(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Harbour Bakery with a provider in memory; the test runs the job by hand, or starts workers."""
    with rehearsing(app, cast, monkeypatch) as rehearsal:
        yield rehearsal

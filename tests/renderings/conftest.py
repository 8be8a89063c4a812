"""Harbour Bakery with a provider in memory, for trials of templates."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests.campaigns.rehearsal import Rehearsal, rehearsing
from tests.cast import Cast


@pytest.fixture
def rehearsal(app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rehearsal]:
    """Harbour Bakery; workers are started by the test."""
    with rehearsing(app, cast, monkeypatch) as rehearsal:
        yield rehearsal

"""Schedules that tick."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests.cast import Cast
from tests.jobs.conftest import enqueue, finished, read, register, worker  # noqa: F401  # fixtures
from tests.schedules.scene import Times, register_ticks


@pytest.fixture
def times(app: Flask, cast: Cast, register: Callable[..., None]) -> Times:  # noqa: F811  # the fixture
    """No schedule yet."""
    register_ticks(register)
    return Times(app, cast.bakery_id)

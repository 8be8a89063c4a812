"""The address of a Valkey for pacing."""

from __future__ import annotations

import pytest
from hypothesis import settings

from tests.servers import Servers

# Property tests look for wrong answers, not slow ones: a busy machine must not fail them.
settings.register_profile("no deadline", deadline=None)
settings.load_profile("no deadline")


@pytest.fixture(scope="session")
def valkey_url(servers: Servers, redis_number: int) -> str:
    """This worker's own numbered database of the suite's server; other tests of the worker may empty it."""
    return servers.redis_db(redis_number)

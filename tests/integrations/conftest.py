"""The address of a Valkey for pacing."""

from __future__ import annotations

import pytest

from tests.servers import Servers


@pytest.fixture(scope="session")
def valkey_url(servers: Servers, redis_number: int) -> str:
    """This worker's own numbered database of the suite's server; other tests of the worker may empty it."""
    return servers.redis_db(redis_number)

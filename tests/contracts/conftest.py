"""The kept installation of an older version, opened and migrated by this one."""

from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

import pytest
import redis
from flask import Flask

from adsapp import create_app
from adsapp.core.db import db, migrations
from tests.cast import use_quick_hashes
from tests.conftest import QUICK
from tests.contracts import older
from tests.contracts.older import Older
from tests.servers import Servers

Open: TypeAlias = tuple[Older, Flask]


@pytest.fixture
def older_program(shape: str, servers: Servers, tmp_path: Path, redis_number: int) -> Iterator[Open]:
    """The installation and the application over it, after the upgrade; its history is never too old to be kept."""
    address = servers.redis_db(redis_number)
    redis.Redis.from_url(address).flushdb()
    kept = older.unpack(shape, servers, tmp_path, address, QUICK | {"history_days": 100_000})
    app = create_app(kept.settings)
    app.testing = True
    use_quick_hashes(app)
    migrations.upgrade(app)
    older.put_the_file_back(app, kept)
    yield kept, app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    older.forget(servers, kept)

"""Fixtures for everyone: two shapes, a fresh database each, the cast."""

import json
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import redis
from cryptography.fernet import Fernet
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.config import Settings
from adsapp.core.db import db, migrations
from adsapp.core.gc_tuning import leave_alone_what_is_there
from tests import asked_on_both
from tests import servers as throwaway
from tests.cast import Cast, make_cast, use_quick_hashes
from tests.in_turns import keep_one_shape
from tests.order import longest_first
from tests.quick import share_routes, share_statements
from tests.servers import Running, Servers
from tests.shared import Shared, SharedDatabase, SharedFile, Sharing

# Property tests look for wrong answers, not slow ones: a busy machine must not fail them.
hypothesis.settings.register_profile("patient", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("patient")
KEYS = (Fernet.generate_key().decode(),)
share_routes()
_running: Running | None = None


def pytest_configure(config: pytest.Config) -> None:
    """Start the servers once, in the controlling process."""
    global _running
    config.stash[ASKED] = asked_on_both.listen()
    if hasattr(config, "workerinput") or config.option.collectonly:
        return
    _running = Running()
    servers = _running.start()
    config.stash[SERVERS] = servers
    _make_templates(servers)


SERVERS = pytest.StashKey[Servers]()
ASKED = pytest.StashKey[asked_on_both.Record]()


def pytest_unconfigure(config: pytest.Config) -> None:
    """End them."""
    if _running is not None:
        _running.stop()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Those that run; where several processes share them, the long ones begin first."""
    items[:], left = keep_one_shape(items)
    config.hook.pytest_deselected(items=left)
    if hasattr(config, "workerinput"):
        items[:] = longest_first(items)


def pytest_collection_finish() -> None:
    """All that the tests are made of stays until the end, as in the processes that they are about."""
    leave_alone_what_is_there()


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A test process tells what it asked; the controlling one fails a run in which one database was asked less."""
    told = getattr(session.config, "workeroutput", None)
    if told is not None:
        told["asked"] = session.config.stash[ASKED].told()
    elif exitstatus == pytest.ExitCode.OK and _asked_less(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config) -> None:
    """Name the functions that asked one database alone, if that is all there is to say."""
    for line in _asked_less(config) if exitstatus == pytest.ExitCode.OK else ():
        terminalreporter.write_line(line, red=True)


def _asked_less(config: pytest.Config) -> list[str]:
    if not asked_on_both.is_whole(config):
        return []
    by_one = config.stash[ASKED].by_one()
    return [f"asked {which} alone: {name}, see tests/asked_on_both.py" for which in by_one for name in by_one[which]]


class HandOver:
    """Tells xdist's workers where the servers are, and hears from them what they asked."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        node.config.stash[ASKED].hear(getattr(node, "workeroutput", {}).get("asked", {}))

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["servers"] = json.dumps(vars(node.config.stash[SERVERS]))


def pytest_cmdline_main(config: pytest.Config) -> None:
    """Register the hand-over before xdist starts its workers."""
    config.pluginmanager.register(HandOver(), "adsapp-hand-over")


def _make_templates(servers: Servers) -> None:
    """What each test's database is copied from: migrated, and once more with the cast, whom most tests need."""
    home = servers.home / "template"
    embedded = Settings(home=home)
    _prepare(embedded, migrations.upgrade)
    shutil.copy(home / "adsapp.db", servers.template_sqlite)
    _prepare(embedded, lambda app: make_cast(app).write(_cast_file(servers, "embedded")))
    shutil.copy(home / "adsapp.db", servers.cast_sqlite)
    _prepare(_distributed(servers, servers.template_database, home, 0), migrations.upgrade)
    throwaway.create_database(servers, servers.cast_database)
    distributed = _distributed(servers, servers.cast_database, home, 0)
    _prepare(distributed, lambda app: make_cast(app).write(_cast_file(servers, "distributed")))


def _prepare(settings: Settings, change: Callable[[Flask], object]) -> None:
    app = create_app(settings)
    change(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


def _cast_file(servers: Servers, shape: str) -> Path:
    return Path(f"{servers.template_sqlite}.{shape}.json")


def _distributed(servers: Servers, database: str, home: Path, redis_number: int) -> Settings:
    return Settings(
        home=home,
        database_url=throwaway.with_database(servers.database_url, database),
        redis_url=servers.redis_db(redis_number),
        secret_key="tests only",
        encryption_keys=KEYS,
    )


@pytest.fixture(scope="session")
def servers(request: pytest.FixtureRequest) -> Servers:
    """Addresses of PostgreSQL and Valkey."""
    return _servers(request.config)


def _servers(config: pytest.Config) -> Servers:
    handed = getattr(config, "workerinput", {}).get("servers")
    return Servers(**json.loads(handed)) if handed else config.stash[SERVERS]


@pytest.fixture(scope="session")
def redis_number(worker_id: str) -> int:
    """This xdist worker's own numbered database of Redis."""
    return 1 + int(worker_id.removeprefix("gw")) if worker_id.startswith("gw") else 1


@pytest.fixture(params=["embedded", "distributed"])
def shape(request: pytest.FixtureRequest) -> str:
    """Which of the two shapes the test runs in; it runs in both."""
    kind: str = request.param
    return kind


@pytest.fixture
def settings(
    shape: str,
    servers: Servers,
    sharing: dict[str, Sharing],
    tmp_path: Path,
    redis_number: int,
    request: pytest.FixtureRequest,
) -> Iterator[Settings]:
    """Settings over a fresh, migrated database, with the cast in it for tests that ask for it, and an empty broker.

    A test that asks for `app` too gets those of the shared application.
    """
    peopled = "cast" in request.fixturenames
    if shape == "distributed":
        redis.Redis.from_url(servers.redis_db(redis_number)).flushdb()
    # A server of somebody else's has no superuser for us.
    if "app" in request.fixturenames and (shape == "embedded" or servers.admin_url):
        yield sharing[shape].take(peopled=peopled).settings
        sharing[shape].give_back()
        return
    home = tmp_path / "home"
    home.mkdir()
    if shape == "embedded":
        SharedFile(servers, home).put_back(peopled=peopled)
        yield Settings(home=home, **QUICK)
        return
    name = f"adsapp_{uuid.uuid4().hex[:12]}"
    throwaway.create_database(servers, name, servers.cast_database if peopled else servers.template_database)
    yield _distributed(servers, name, home, redis_number).model_copy(update=QUICK)
    throwaway.drop_database(servers, name)


# Leases and retries as in production, only shorter, so that the suite does not wait.
QUICK: dict[str, Any] = {
    "lease_seconds": 5.0,
    "heartbeat_seconds": 0.3,
    "retry_seconds": 0.1,
    "sweep_seconds": 0.05,
    "grace_seconds": 3.0,
    "log_level": "ERROR",
}


@pytest.fixture(scope="session", autouse=True)
def compiled_templates(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> None:
    """Templates are compiled once, for every application of every test process."""
    base = tmp_path_factory.getbasetemp()
    folder = (base if worker_id == "master" else base.parent) / "templates"
    folder.mkdir(exist_ok=True)
    Flask.jinja_options = {**Flask.jinja_options, "bytecode_cache": FileSystemBytecodeCache(str(folder))}


@pytest.fixture(scope="session")
def sharing(
    servers: Servers, redis_number: int, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Sharing]]:
    """What the tests of this process share, by shape."""

    def embedded() -> Shared:
        settings = Settings(home=tmp_path_factory.mktemp("shared"), **QUICK)
        shared = Shared(settings, SharedFile(servers, settings.home))
        share_statements(shared.app)
        return shared

    def distributed() -> Shared:
        name = f"adsapp_{uuid.uuid4().hex[:12]}"
        settings = _distributed(servers, name, tmp_path_factory.mktemp("shared"), redis_number)
        settings = settings.model_copy(update=QUICK)
        return Shared(settings, SharedDatabase(servers, name))

    sharing = {"embedded": Sharing(embedded), "distributed": Sharing(distributed)}
    yield sharing
    for each in sharing.values():
        each.end()


@pytest.fixture
def app(settings: Settings, shape: str, sharing: dict[str, Sharing]) -> Iterator[Flask]:
    """The application over `settings`: the shared one, or one of its own for settings that a test has changed."""
    shared = sharing[shape].application_of(settings)
    if shared is not None:
        yield shared
        return
    app = create_app(settings)
    app.testing = True
    share_statements(app)
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def cast(app: Flask, shape: str, servers: Servers) -> Cast:
    """Alice (owner), Bob (agent), Vera (viewer), Adam (admin) of Harbour Bakery; Charlie of another organization."""
    use_quick_hashes(app)
    return Cast.read(_cast_file(servers, shape))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser without JavaScript; sign in with `cast.sign_in(client, "alice")`."""
    return app.test_client()

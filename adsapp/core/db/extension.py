"""The Flask-SQLAlchemy extension and its session."""

import contextlib
from collections.abc import Iterator

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import Engine
from sqlalchemy.orm import (
    Session,
    scoped_session,
)

from adsapp.config import Settings
from adsapp.core.crypto import Vault
from adsapp.core.db.engine import engine_options, listen, reading, set_reading
from adsapp.core.db.types import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
ENGINE_BIND = "engine"
session: scoped_session[Session] = db.session  # type: ignore[assignment]  # the extension's own subclass


def init_db(app: Flask, settings: Settings) -> None:
    """Attach the database and the vault to the application; opens no connection yet."""
    app.config["SQLALCHEMY_DATABASE_URI"] = settings.sqlalchemy_url
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = engine_options(settings.distributed)
    if settings.database_engine_url:
        app.config["SQLALCHEMY_BINDS"] = {ENGINE_BIND: {"url": settings.engine_url, **engine_options(True)}}
    if not settings.distributed:
        settings.home.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    app.extensions["vault"] = Vault(settings.secrets.encryption_keys)
    app.teardown_request(lambda _error: set_reading(False))
    with app.app_context():
        for engine in db.engines.values():
            listen(engine)


def job_engine() -> Engine:
    """What works on the jobs of all organizations: a login of its own, if there is one."""
    return db.engines.get(ENGINE_BIND) or db.engine


@contextlib.contextmanager
def read_only() -> Iterator[None]:
    """Read, then end the transaction: nothing is locked and nothing stays open while the caller goes on."""
    with reading():
        try:
            yield
        finally:
            session.rollback()

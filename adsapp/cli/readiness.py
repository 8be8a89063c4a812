"""Looks before a start: does the database answer, has it this code's schema, is the port free."""

import socket

import redis
from flask import Flask
from sqlalchemy.engine import make_url
from sqlalchemy.exc import SQLAlchemyError

from adsapp.cli.errors import CommandFailed, typed
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.db import migrations


def check_database(app: Flask, *, schema: bool) -> None:
    """Raise CommandFailed if the database or Redis does not answer, or has another schema."""
    settings: Settings = app.config["SETTINGS"]
    try:
        with app.app_context(), db.db.engine.connect() as connection:
            # Before an upgrade the login may not be let in to look yet.
            wrong = migrations.mismatch(app, connection) if schema else ""
    except SQLAlchemyError as error:
        raise CommandFailed(f"{_name_of(settings)} does not answer: {_first_line(error)}", 2) from None
    check_redis(settings)
    if wrong:
        raise CommandFailed(f"{wrong}: run `{typed('db upgrade')}`", 2)


def check_redis(settings: Settings) -> None:
    """Raise CommandFailed if REDIS_URL is set and does not answer."""
    if not settings.redis_url:
        return
    try:
        redis.Redis.from_url(settings.redis_url, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        raise CommandFailed(f"REDIS_URL does not answer: {_first_line(error)}", 2) from None


def check_port(host: str, port: int, variable: str) -> None:
    """Raise CommandFailed if the port is taken, with the way out."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandFailed(
                f"port {port} on {host} cannot be used ({error.strerror}): stop what uses it, "
                f"or choose another by putting {variable}={port + 100} before the command"
            ) from None


def _name_of(settings: Settings) -> str:
    if not settings.distributed:
        return f"the database under ADSAPP_HOME ({settings.home})"
    url = make_url(settings.sqlalchemy_url)
    where = f"{url.host or 'local socket'}:{url.port or 5432}/{url.database}"
    return f"DATABASE_URL ({where}, password not shown)"


def _first_line(error: Exception) -> str:
    cause = getattr(error, "orig", None) or error
    return str(cause).strip().splitlines()[0] if str(cause).strip() else type(cause).__name__


def open_app(*, check_schema: bool = True) -> Flask:
    """The application with all processors and without pages, which take a second to load; raises CommandFailed if the
    database is not ready for it."""
    import huey_tasks  # noqa: F401  # registers the processors
    from adsapp import create_core
    from adsapp.config import Settings

    app = create_core(Settings.load())
    check_database(app, schema=check_schema)
    return app

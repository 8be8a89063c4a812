"""Attaches what integrations share in one installation: the pacer that keeps numbers to their rates."""

from collections.abc import Callable
from functools import cache

import redis
from flask import Flask

from adsapp.config import Settings
from adsapp.core import context
from adsapp.integrations.pacing import Pacer, RedisPacer, SqlitePacer


def init_integrations(app: Flask, settings: Settings) -> None:
    """The pacer is opened at its first use: the web process has none."""
    app.extensions["pacer"] = cache(lambda: open_pacer(settings))


def open_pacer(settings: Settings) -> Pacer:
    """Redis if there is one, else a small file for all processes of this machine."""
    if settings.distributed:
        return RedisPacer(redis.Redis.from_url(settings.redis_url))
    settings.home.mkdir(parents=True, exist_ok=True)
    return SqlitePacer(settings.home / "pace.db")


def pacer() -> Pacer:
    """The installation's pacer."""
    opened: Callable[[], Pacer] = context.extension("pacer")
    return opened()

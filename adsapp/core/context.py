"""The running application, for code that does not speak Flask: its settings and what was attached to it."""

from typing import Any

from flask import current_app

from adsapp.config import Settings


def settings() -> Settings:
    """The settings of the running application."""
    current: Settings = current_app.config["SETTINGS"]
    return current


def extension(name: str) -> Any:
    """What was attached to the application under this name, e.g. the broker."""
    return current_app.extensions[name]

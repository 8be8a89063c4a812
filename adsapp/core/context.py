"""The settings and extensions of the running application, for code that does not use Flask itself."""

from typing import Any

from flask import current_app

from adsapp.config import Settings


def settings() -> Settings:
    """The settings of the running application."""
    current: Settings = current_app.config["SETTINGS"]
    return current


def extension(name: str) -> Any:
    """The extension of the application with this name, e.g. the broker."""
    return current_app.extensions[name]

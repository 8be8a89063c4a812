"""Commands that work inside one organization."""

import contextlib
from collections.abc import Iterator

from flask import Flask

from adsapp.cli.admin import find_organization
from adsapp.cli.readiness import open_app
from adsapp.core import db


@contextlib.contextmanager
def inside(slug: str) -> Iterator[Flask]:
    """The application, its session bound to this organization; CommandFailed if no organization has this slug."""
    app = open_app()
    with app.app_context():
        db.bind_organization(find_organization(slug).id)
        yield app

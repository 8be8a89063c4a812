"""Composition root: the processors, then the application. `gunicorn app:app` serves it."""

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app

app = create_app()

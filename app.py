"""Composition root: the processors, then the application. `gunicorn app:app` serves it."""

import gc

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app

app = create_app()

# What was made until here stays: left out of the collector's walks, one of which would hold a request up for 90 ms.
gc.collect()
gc.freeze()

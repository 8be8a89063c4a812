"""Composition root: the processors, then the application. `python -m adsapp.server adsapp.wsgi:app` serves it."""

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.core.gc_tuning import leave_alone_what_is_there
from adsapp.core.observing.start import observe
from adsapp.dashboard.figures import show_figures

app = create_app()
show_figures(app)
observe(app.config["SETTINGS"], "adsapp-web")
leave_alone_what_is_there()

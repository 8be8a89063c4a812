"""The figures of a web process: its own, and those of the installation's queues."""

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from adsapp.config import Settings
from adsapp.core.observing import metrics
from adsapp.core.observing.metrics import Reader
from adsapp.core.observing.process_figures import read_process
from adsapp.jobs.queries.installation import read_installation


def show_figures(app: Flask) -> None:
    """Count from here on, and open METRICS_PORT, if whoever runs the installation wants figures."""
    settings: Settings = app.config["SETTINGS"]
    if not (settings.metrics_token or settings.metrics_port):
        return
    metrics.turn_on(settings)
    if settings.metrics_port:
        from adsapp.core.observing.metrics_port import open_port

        open_port(settings, 0, lambda: figures(app), shared=settings.web_processes > 1)


def figures(app: Flask) -> bytes:
    """All of them; without those of the queues if the database does not answer."""
    own: list[Reader] = [lambda: read_process(app)]
    try:
        with app.app_context():
            queues = list(read_installation())
    except SQLAlchemyError:
        return metrics.exposition(own)
    return metrics.exposition([*own, lambda: queues])

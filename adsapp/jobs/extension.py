"""Attaches the job engine to the application: the broker for nudges."""

from flask import Flask

from adsapp.config import Settings
from adsapp.jobs.queue import Broker


def init_jobs(app: Flask, settings: Settings) -> None:
    """The broker is opened at its first use."""
    app.extensions["broker"] = Broker(settings)

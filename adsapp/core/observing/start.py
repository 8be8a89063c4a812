"""What a process tells of itself to programs elsewhere, if whoever runs the installation wants that."""

from adsapp.config import Settings
from adsapp.core.observing import error_reports, traces


def observe(settings: Settings, service: str) -> None:
    """Traces and errors; `service` names the part of us that this process is."""
    traces.turn_on(settings, service)
    error_reports.turn_on(settings, service)

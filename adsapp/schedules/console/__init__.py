"""Pages of schedules."""

from adsapp.schedules.console import views as _views  # adds to the blueprint
from adsapp.schedules.console.blueprint import views

__all__ = ["_views", "views"]

"""The pages of campaigns."""

from adsapp.campaigns.console import compose_views  # noqa: F401  # it adds its pages to the blueprint
from adsapp.campaigns.console.views import views as views

"""The pages of campaigns."""

from adsapp.campaigns.console import compose_views, template_examples, template_results  # noqa: F401  # they add their pages to the blueprint
from adsapp.campaigns.console.views import views as views

"""The pages of e-mails."""

from adsapp.emails.console import template_views as _templates  # noqa: F401  # they add their pages to the blueprint
from adsapp.emails.console import views as _views  # noqa: F401
from adsapp.emails.console.blueprint import views as views

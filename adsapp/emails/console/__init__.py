"""The pages of e-mails."""

from adsapp.emails.console import compose_views as _compose  # noqa: F401  # they add their pages to the blueprint
from adsapp.emails.console import contact_traces as _contact_traces  # noqa: F401
from adsapp.emails.console import suppressions_views as _suppressions  # noqa: F401
from adsapp.emails.console import template_views as _templates  # noqa: F401
from adsapp.emails.console import views as _views  # noqa: F401
from adsapp.emails.console.blueprint import views as views

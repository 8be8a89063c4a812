"""What is written when somebody takes the activity along."""

from adsapp.activity.filters import ActivityFilters
from adsapp.core import db
from adsapp.organizations.auditing import By


def note_export(filters: ActivityFilters, by: By) -> None:
    """Before the file is made: who took it, and what it was narrowed to."""
    subject = f"organization:{db.require_organization_id()}"
    by.note("export activity", subject, title="Activity", narrowed_to=filters.as_query())

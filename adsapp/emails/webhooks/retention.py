"""How long the bodies of reports are kept once they are applied. What followed from them stays."""

from datetime import datetime

from sqlalchemy import delete, select

from adsapp.core import db
from adsapp.emails.reported import parked
from adsapp.integrations.models import EmailWebhook


def forget_reports(before: datetime, limit: int) -> int:
    """Remove some that were received before; returns how many. One that is still to apply stays."""
    old = select(EmailWebhook.id).where(EmailWebhook.received_at < before, EmailWebhook.applied_at.is_not(None))
    some = old.order_by(EmailWebhook.received_at).limit(limit)
    gone = delete(EmailWebhook).where(EmailWebhook.id.in_(some)).returning(EmailWebhook.id)
    count = len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())
    return count or parked.forget(before, limit)

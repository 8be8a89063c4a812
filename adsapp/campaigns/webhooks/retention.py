"""How long what came by webhook is kept: bodies that were applied, and what people wrote.

What followed from them stays: the ledger, the counts, and who opted out.
"""

from datetime import datetime

from sqlalchemy import delete, select

from adsapp.campaigns.models import InboundMessage
from adsapp.core import db
from adsapp.integrations.models import WebhookDelivery


def forget_deliveries(before: datetime, limit: int) -> int:
    """Remove some applied bodies that were received before; returns how many. One that is still to apply stays."""
    received = WebhookDelivery.received_at < before
    old = select(WebhookDelivery.id).where(received, WebhookDelivery.applied_at.is_not(None))
    some = old.order_by(WebhookDelivery.received_at).limit(limit)
    gone = delete(WebhookDelivery).where(WebhookDelivery.id.in_(some)).returning(WebhookDelivery.id)
    return len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())


def forget_replies(before: datetime, limit: int) -> int:
    """Remove some messages that people wrote before; returns how many."""
    some = select(InboundMessage.id).where(InboundMessage.at < before).order_by(InboundMessage.at).limit(limit)
    gone = delete(InboundMessage).where(InboundMessage.id.in_(some)).returning(InboundMessage.id)
    return len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())

"""How long alerts are kept that are over, and what was told of them."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from adsapp.alerts.models import AlertDelivery, AlertIncident
from adsapp.core import db
from adsapp.core.ids import first_id_of


def forget_alerts(before: datetime, limit: int) -> int:
    """Remove some alerts that were over by then, with what was told of them; how many."""
    over = select(AlertIncident.id).where(AlertIncident.id < first_id_of(before), AlertIncident.resolved_at < before)
    return _removed(delete(AlertIncident).where(AlertIncident.id.in_(over.limit(limit))).returning(AlertIncident.id))


def forget_told(before: datetime, limit: int) -> int:
    """Remove some of what was told before then; how many."""
    old = select(AlertDelivery.id).where(AlertDelivery.id < first_id_of(before)).limit(limit)
    return _removed(delete(AlertDelivery).where(AlertDelivery.id.in_(old)).returning(AlertDelivery.id))


def _removed(statement: Any) -> int:
    return len(db.session.execute(statement, execution_options={"synchronize_session": False}).all())

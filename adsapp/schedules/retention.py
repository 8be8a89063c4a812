"""How long it is kept what was made of each time of a schedule."""

from datetime import datetime

from sqlalchemy import delete, select

from adsapp.core import db
from adsapp.schedules.models import FireState, ScheduleFire


def forget_fires(before: datetime, limit: int) -> int:
    """Remove some of those made before; how many. What still waits for the end of a run is kept."""
    old = (
        select(ScheduleFire.id)
        .where(ScheduleFire.made_at < before, ScheduleFire.state != FireState.REPLACING)
        .order_by(ScheduleFire.made_at)
        .limit(limit)
    )
    gone = delete(ScheduleFire).where(ScheduleFire.id.in_(old)).returning(ScheduleFire.id)
    return len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())

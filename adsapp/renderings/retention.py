"""How long it is kept what each person would have read; the counts stay."""

from datetime import datetime
from typing import Final

from sqlalchemy import delete, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.message_templates.models import Rendering, RenderingRow

KEPT_DAYS: Final = 30


def forget_rows(before: datetime, limit: int) -> int:
    """Remove some rows of renderings that were asked for before; returns how many."""
    old = (
        select(Rendering.id)
        .where(Rendering.created_at < before, Rendering.forgotten_at.is_(None))
        .order_by(Rendering.id)
    )
    rendering_id = db.session.scalars(old.limit(1)).first()
    if rendering_id is None:
        return 0
    some = select(RenderingRow.id).where(RenderingRow.rendering_id == rendering_id).limit(limit)
    gone = delete(RenderingRow).where(RenderingRow.id.in_(some)).returning(RenderingRow.id)
    count = len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())
    if count < limit:
        db.session.get_one(Rendering, rendering_id).forgotten_at = utcnow()
    return max(count, 1)  # one that has no rows is done with, too

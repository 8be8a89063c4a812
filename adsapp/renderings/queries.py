"""Reads of renderings: along keys, so that each page costs the same."""

import uuid
from typing import Any

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import MOST_ROWS, id_after, number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.message_templates.components import TemplateView, view
from adsapp.message_templates.models import FAILED, RENDERED, Rendering, RenderingRow

OUTCOMES = ("", FAILED, RENDERED)


def get_rendering(rendering_id: uuid.UUID | str) -> Rendering:
    """The rendering; raises NotFound."""
    wanted = parse_id(str(rendering_id))
    found = wanted and db.session.scalars(select(Rendering).where(Rendering.id == wanted)).first()
    if not found:
        raise NotFound("There is no such trial of a template")
    return found


def list_renderings(cursor: str | None = None, limit: int = PAGE) -> Page[Rendering]:
    """Newest first."""
    query = select(Rendering).order_by(Rendering.id.desc())
    if cursor:
        query = query.where(Rendering.id < id_after(cursor))
    return cut(db.session.scalars(query.limit(limit + 1)).all(), limit, lambda each: str(each.id))


def rows_of(rendering: Rendering, outcome: str = "", cursor: str | None = None, limit: int = PAGE) -> Page[Any]:
    """Its rows in their order, all that are through or those of one outcome. Raises Invalid for an unknown one."""
    if outcome not in OUTCOMES:
        raise Invalid.field("outcome", f"{outcome[:40]!r} is no outcome; there are {', '.join(OUTCOMES[1:])}")
    outcomes = [outcome] if outcome else [FAILED, RENDERED]
    query = select(RenderingRow).where(RenderingRow.rendering_id == rendering.id, RenderingRow.outcome.in_(outcomes))
    if cursor:
        query = query.where(RenderingRow.number > number_after(cursor, MOST_ROWS))
    rows = db.session.scalars(query.order_by(RenderingRow.number).limit(limit + 1)).all()
    return cut(rows, limit, lambda each: str(each.number))


def view_of(rendering: Rendering) -> TemplateView:
    """The template as it was when it was tried."""
    return view(rendering.components, rendering.parameter_format)

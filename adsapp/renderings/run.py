"""Renders a template for many people, batch by batch. One that was killed goes on exactly where it was.

Each batch is rendered first, which is all the computing, and then written in one short transaction together with the
counts and the position behind which the next attempt goes on; it is committed only by the worker that holds the job.
"""

import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select

from adsapp.contacts.identity import number_of
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_rows, update_rows
from adsapp.jobs import Progress
from adsapp.message_templates.models import FAILED, RENDERED, Rendering, RenderingRow
from adsapp.message_templates.placeholders import parse_sources
from adsapp.message_templates.rendering import Rendered, Renderer
from adsapp.outbound import audience as audiences
from adsapp.outbound.audience import OF_PERSON, Audience, full_name, person_of
from adsapp.renderings.queries import get_rendering, view_of

CHUNK: Final = 1_000
MISSING, TOO_LONG = "missing_variable", "too_long"

Batch = tuple[str, list[dict[str, Any]]]
"""(the position behind it, its rows)."""


def run_rendering(rendering_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    """Render from the stored position to the end; the counts."""
    rendering = get_rendering(rendering_id)
    judge = Judge(rendering)
    batches, write = _given(rendering, judge), _fill_in
    if rendering.audience is not None:
        batches, write = _contacts(rendering, audiences.from_stored(rendering.audience), judge), _add
    progress.start(rendering.total, done=rendering.rendered + rendering.failed, failed=rendering.failed)
    for position, rows in batches:
        progress.check()
        failed = _store(rendering_id, position, rows, write)
        progress.commit()
        progress.advance(len(rows), failed)
    return _finish(rendering_id, progress)


class Judge:
    """The template made ready: what becomes of a person."""

    def __init__(self, rendering: Rendering) -> None:
        view = view_of(rendering)
        self._renderer = Renderer(view, parse_sources(view, rendering.variables))
        self._called = {variable.key: variable.called for variable in view.variables}

    def __call__(self, person: Mapping[str, Any]) -> dict[str, Any]:
        """The columns that tell it."""
        rendered = self._renderer.render(person)
        if rendered.fits:
            return {"outcome": RENDERED, "code": "", "variable": "", "message": "", "variables": rendered.values}
        code, variable, message = self._why_not(rendered, person)
        columns = {"outcome": FAILED, "code": code, "variable": variable, "message": message}
        return {**columns, "variables": rendered.values}

    def _why_not(self, rendered: Rendered, person: Mapping[str, Any]) -> tuple[str, str, str]:
        if rendered.missing:
            whys = (f"{self._called[key]} {self._renderer.why_missing(key, person)}" for key in rendered.missing)
            return MISSING, rendered.missing[0], "; ".join(whys)
        long = rendered.too_long[0]
        longest = max(long.variables, key=lambda key: len(rendered.values.get(key, "")))
        return TOO_LONG, longest, f"{long.in_words}; the longest value is that of {self._called[longest]}"


def _contacts(rendering: Rendering, audience: Audience, judge: Judge) -> Iterator[Batch]:
    after = uuid.UUID(rendering.position) if rendering.position else None
    number = rendering.rendered + rendering.failed
    while ids := audiences.next_ids(audience, after, CHUNK):
        contacts = db.session.execute(select(*OF_PERSON).where(Contact.id.in_(ids)).order_by(Contact.id)).all()
        rows = [_row(number + place, contact, judge) for place, contact in enumerate(contacts, 1)]
        number, after = number + len(rows), ids[-1]
        yield str(after), rows


def _row(number: int, contact: Any, judge: Judge) -> dict[str, Any]:
    return {
        "number": number,
        "contact_id": contact.id,
        "name": full_name(contact),
        "phone": number_of(contact.phone, contact.moved_to) or "",
        "given": None,
        **judge(person_of(contact)),
    }


def _given(rendering: Rendering, judge: Judge) -> Iterator[Batch]:
    after = int(rendering.position or 0)
    while rows := _given_after(rendering.id, after):
        numbers = {row.phone for row in rows if row.phone}
        found = db.session.execute(select(Contact.phone, Contact.id).where(Contact.phone.in_(numbers))).all()
        known = {each.phone: each.id for each in found}
        yield (
            str(rows[-1].number),
            [{"id": row.id, "contact_id": known.get(row.phone), **judge(row.given or {})} for row in rows],
        )
        after = rows[-1].number


def _given_after(rendering_id: uuid.UUID, after: int) -> Sequence[Any]:
    columns = (RenderingRow.id, RenderingRow.number, RenderingRow.phone, RenderingRow.given)
    mine = (RenderingRow.rendering_id == rendering_id, RenderingRow.number > after)
    return db.session.execute(select(*columns).where(*mine).order_by(RenderingRow.number).limit(CHUNK)).all()


def _add(rendering_id: uuid.UUID, rows: list[dict[str, Any]]) -> None:
    insert_rows(RenderingRow, rows, {"rendering_id": rendering_id})


def _fill_in(rendering_id: uuid.UUID, rows: list[dict[str, Any]]) -> None:
    update_rows(RenderingRow, rows)


def _store(
    rendering_id: uuid.UUID,
    position: str,
    rows: list[dict[str, Any]],
    write: Callable[[uuid.UUID, list[dict[str, Any]]], None],
) -> int:
    """Write a batch with the position behind it; how many of it failed."""
    write(rendering_id, rows)
    codes = Counter(row["code"] for row in rows if row["outcome"] == FAILED)
    rendering = get_rendering(rendering_id)
    rendering.position = position
    rendering.rendered += len(rows) - codes.total()
    rendering.failed += codes.total()
    rendering.failed_by_code = dict(Counter(rendering.failed_by_code) + codes)
    return codes.total()


def _finish(rendering_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    rendering = get_rendering(rendering_id)
    rendering.finished_at = rendering.finished_at or utcnow()
    rendering.total = rendering.rendered + rendering.failed
    result = {"rendering_id": str(rendering_id), "rendered": rendering.rendered, "failed": rendering.failed}
    progress.commit()
    return result

"""The results of a trial as a file, read chunk by chunk: memory stays flat however many there are."""

import uuid
from collections.abc import Iterator
from typing import Final

from flask import Flask, Response, current_app

from adsapp.core import db
from adsapp.core.web import exports
from adsapp.core.web.downloads import file_name
from adsapp.core.web.exports import Table
from adsapp.message_templates.models import Rendering
from adsapp.message_templates.rendering import Rendered
from adsapp.organizations.auditing import By
from adsapp.renderings import queries
from adsapp.renderings.subject import RENDERING

CHUNK: Final = 1_000
HEADER: Final = ("row", "name", "phone", "outcome", "code", "variable", "reason", "text")


def as_csv(rendering: Rendering, delimiter: str, by: By) -> Response:
    """`delimiter` is a key of `exports.DELIMITERS`. The values of the variables follow the text."""
    by.note("export trial", RENDERING.of(rendering.id), title=rendering.template_name)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keys = [variable.key for variable in queries.view_of(rendering).variables]
    chunks = _chunks(app, db.require_organization_id(), rendering.id, keys)
    table = Table([*HEADER, *keys], chunks, HEADER.index("phone"))
    return exports.as_csv(table, delimiter, file_name(rendering.template_name, "trial", ending=".csv"))


def _chunks(
    app: Flask, organization_id: uuid.UUID, rendering_id: uuid.UUID, keys: list[str]
) -> Iterator[list[list[str]]]:
    # A transaction a chunk: a slow download must not hold one open.
    cursor: str | None = ""
    while cursor is not None:
        with db.organization_context(app, organization_id), db.reading():
            rendering = queries.get_rendering(rendering_id)
            view = queries.view_of(rendering)
            page = queries.rows_of(rendering, "", cursor or None, CHUNK)
            rows, cursor = [], page.next
            for row in page.items:
                text = "" if row.code else Rendered(view, row.variables, ()).text
                told = [str(row.number), row.name, row.phone, row.outcome, row.code, row.variable, row.message, text]
                rows.append([*told, *(str(row.variables.get(key, "")) for key in keys)])
        yield rows

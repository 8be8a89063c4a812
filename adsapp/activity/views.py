"""The page of the activity, for those who manage, and the same as a file."""

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, Flask, current_app, request
from flask.typing import ResponseReturnValue

from adsapp.activity import queries, service
from adsapp.activity.filters import ActivityFilters
from adsapp.activity.lines import Line, lines_of
from adsapp.activity.presenter import ActivityPage
from adsapp.core import db
from adsapp.core.clock import iso, utcnow
from adsapp.core.spreadsheets import MARK, harmless, lines
from adsapp.core.web.downloads import download
from adsapp.core.web.pages import render
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("activity", __name__)

CHUNK = 500
HEADER = ("at", "who", "did", "kind", "to", "how_many", "change", "until", "reason", "from")


@views.get("/activity")
@allow(Permission.MANAGE, to="see the activity")
def list_events() -> ResponseReturnValue:
    """Who did what to what, newest first: `?q=…&kind=job&days=7&from=…&to=…&cursor=…`."""
    filters, cursor = ActivityFilters.from_query(request.args), request.args.get("cursor", "")
    found = queries.list_events(filters, cursor)
    shown = lines_of(found.items)
    return render(ActivityPage(as_of=utcnow(), filters=filters, cursor=cursor, lines=shown, next_cursor=found.next))


@views.get("/activity.csv")
@allow(Permission.MANAGE, to="export the activity")
def export() -> ResponseReturnValue:
    """All that the filter lets through, as a file. Whoever may see it sees whole numbers, so nothing is masked."""
    filters = ActivityFilters.from_query(request.args)
    service.note_export(filters, current_actor().by())
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return download(_pieces(app, db.require_organization_id(), filters), "text/csv", "activity.csv")


def _pieces(app: Flask, organization_id: Any, filters: ActivityFilters) -> Iterator[str]:
    # A transaction a chunk: a slow download must not hold one open.
    yield MARK + lines([HEADER])
    cursor: str | None = ""
    while cursor is not None:
        with db.organization_context(app, organization_id), db.reading():
            page = queries.list_events(filters, cursor, CHUNK)
            text, cursor = lines(_cells(line) for line in lines_of(page.items)), page.next
        yield text


def _cells(line: Line) -> list[str]:
    plain = (line.actor, line.what, line.kind, line.names, line.count, line.change)
    return [iso(line.at) or "", *map(harmless, plain), iso(line.until) or "", harmless(line.reason), line.address]

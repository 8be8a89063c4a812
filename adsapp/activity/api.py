"""API of the activity: the same as the page."""

from flask import Blueprint, request
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, Field

from adsapp.activity import queries
from adsapp.activity.filters import FILTERS, ActivityFilters
from adsapp.activity.lines import line_json, lines_of
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_query
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission

api = Blueprint("activity_api", __name__, url_prefix="/api")


class Paging(BaseModel):
    """Where in the list, and how much of it."""

    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/activity")
@reads(Paging, *FILTERS)
@allow(Permission.MANAGE, to="see the activity")
def list_events() -> ResponseReturnValue:
    """Newest first; `?q=…&kind=job&days=7&from=…&to=…&cursor=…&limit=…`."""
    paging = parse_query(Paging)
    page = queries.list_events(ActivityFilters.from_query(request.args), paging.cursor, paging.limit)
    return {"activity": [line_json(line) for line in lines_of(page.items)], "next": page.next}

"""Suppressed addresses for programs."""

from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.inputs import digits
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.emails.models import Suppression
from adsapp.emails.suppressions import queries, service
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("suppressions_api", __name__, url_prefix="/api")


class SuppressionsQuery(BaseModel):
    """Which of them, and where in the list."""

    search: str = ""
    reason: str = ""
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


class SuppressBody(BaseModel):
    """Addresses that get nothing more."""

    model_config = ConfigDict(extra="forbid")

    emails: list[str]
    detail: str = Field("", max_length=500)


@api.get("/suppressions")
@reads(SuppressionsQuery)
@allow(Permission.SEE)
def list_suppressions() -> ResponseReturnValue:
    """Suppressed addresses, newest first. Whoever sees addresses masked finds nobody by one."""
    asked, actor = parse_query(SuppressionsQuery), current_actor()
    reason = queries.reason_of(asked.reason) if asked.reason else None
    page = queries.list_suppressions(asked.search if actor.sees_numbers else "", reason, asked.cursor, asked.limit)
    return {"suppressions": [suppression_json(each, actor.mask) for each in page.items], "next": page.next}


@api.post("/suppressions")
@takes(MB)
@allow(Permission.MANAGE)
def suppress() -> ResponseReturnValue:
    """Send nothing more to these; `added` says how many are new."""
    body = parse_body(SuppressBody)
    added = service.add(body.emails, detail=body.detail, by=current_actor().by())
    db.session.commit()
    return {"added": added, "known": len(set(body.emails)) - added}


@api.delete("/suppressions/<suppression_id>")
@allow(Permission.MANAGE)
def release(suppression_id: str) -> ResponseReturnValue:
    """Let this address get e-mails again, here and at the provider."""
    service.release(queries.get_suppression(digits(suppression_id) or 0), by=current_actor().by())
    db.session.commit()
    return "", 204


def suppression_json(row: Suppression, mask: Mask) -> dict[str, Any]:
    """A suppression, as `mask` allows."""
    return {
        "id": row.id,
        "email": mask.text(row.address),
        "reason": row.reason.value,
        "detail": mask.text(row.detail),
        "email_id": str(row.email_id) if row.email_id else None,
        "created_by": row.created_by,
        "created_at": iso(row.created_at),
        "told_at": iso(row.told_at),
    }

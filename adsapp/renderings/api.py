"""Renderings for programs: thin over the same service as the page."""

from typing import Any

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.masks import Mask
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.jobs import Job, digest_of
from adsapp.jobs.api.idempotency import requested_key
from adsapp.jobs.api.serializers import job_json
from adsapp.jobs.idempotency import AskedMeanwhile, find_replay
from adsapp.jobs.queries import jobs as job_queries
from adsapp.message_templates.components import TemplateView
from adsapp.message_templates.models import Rendering, RenderingRow
from adsapp.message_templates.rendering import Rendered
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.renderings import queries, service
from adsapp.renderings.asked import RenderingIn
from adsapp.renderings.subject import RENDERING

api = Blueprint("renderings_api", __name__, url_prefix="/api")

BODY_BYTES = 4 * MB  # ten thousand rows; more are imported as contacts


class TemplateBody(BaseModel):
    """Which template."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str


class RenderingBody(BaseModel):
    """A rendering; `RenderingIn` says what each field is."""

    model_config = ConfigDict(extra="forbid")

    template: TemplateBody
    variables: dict[str, Any] = Field(default_factory=dict)
    audience: dict[str, Any] | None = None
    rows: list[Any] | None = None

    def as_asked(self) -> RenderingIn:
        """The same, as services take it."""
        return RenderingIn(self.template.name, self.template.language, self.variables, self.audience, self.rows)


class Paging(BaseModel):
    """Where in a list, and how much of it."""

    cursor: str | None = None
    limit: int = Field(PAGE, ge=1, le=MOST)


class RowsQuery(Paging):
    """Which rows: failed, rendered, or all."""

    outcome: str = ""


@api.post("/jobs/process-template")
@takes(BODY_BYTES)
@allow(Permission.SEND)
def process_template() -> ResponseReturnValue:
    """Render a template for an audience or for rows; nothing is sent. 202 with its job; the same again for the same
    Idempotency-Key."""
    body, key = parse_body(RenderingBody), requested_key()
    digest = digest_of(service.PROCESSOR, body.model_dump(mode="json"))
    if (known := find_replay(key, digest)) is not None:
        return _accepted(known)
    try:
        rendering = service.create_rendering(body.as_asked(), current_actor().by(), idempotency_key=key, digest=digest)
        db.session.commit()
    except AskedMeanwhile:
        db.session.rollback()
        if (known := find_replay(key, digest)) is None:
            raise
        return _accepted(known)
    assert rendering.job_id is not None
    return _accepted(job_queries.get_job(rendering.job_id))


def _accepted(job: Job) -> ResponseReturnValue:
    rendering = queries.get_rendering(RENDERING.id_of(job.subject))
    answer: Response = jsonify({"job": job_json(job), "rendering": rendering_json(rendering)})
    answer.status_code = 202
    answer.headers["Location"] = f"/api/jobs/{job.id}"
    return answer


@api.get("/renderings")
@reads(Paging)
@allow(Permission.SEE)
def list_renderings() -> ResponseReturnValue:
    """Renderings with their counts, newest first."""
    asked = parse_query(Paging)
    page = queries.list_renderings(asked.cursor, asked.limit)
    return jsonify({"renderings": [rendering_json(each) for each in page.items], "next": page.next})


@api.get("/renderings/<uuid:rendering_id>")
@allow(Permission.SEE)
def show_rendering(rendering_id: Any) -> ResponseReturnValue:
    """One rendering: rendered + failed are the rows that are through."""
    return jsonify({"rendering": rendering_json(queries.get_rendering(rendering_id))})


@api.get("/renderings/<uuid:rendering_id>/rows")
@reads(RowsQuery)
@allow(Permission.SEE)
def list_rows(rendering_id: Any) -> ResponseReturnValue:
    """What each person would read, and for whom it could not be rendered and why. Texts and values are null for
    whoever sees no numbers."""
    asked, rendering, mask = parse_query(RowsQuery), queries.get_rendering(rendering_id), current_actor().mask
    page = queries.rows_of(rendering, asked.outcome, asked.cursor, asked.limit)
    view, shown = queries.view_of(rendering), current_actor().sees_numbers
    rows = [row_json(row, view, mask, with_text=shown) for row in page.items]
    return jsonify({"rows": rows, "next": page.next})


def rendering_json(rendering: Rendering) -> dict[str, Any]:
    """A rendering for programs."""
    return {
        "id": str(rendering.id),
        "job_id": str(rendering.job_id),
        "template": {"name": rendering.template_name, "language": rendering.template_language},
        "variables": rendering.variables,
        "audience": rendering.audience,
        "total": rendering.total,
        "rendered": rendering.rendered,
        "failed": rendering.failed,
        "failed_by_code": rendering.failed_by_code,
        "created_by": rendering.created_by,
        "created_at": iso(rendering.created_at),
        "finished_at": iso(rendering.finished_at),
        "forgotten_at": iso(rendering.forgotten_at),
    }


def row_json(row: RenderingRow, view: TemplateView, mask: Mask, *, with_text: bool) -> dict[str, Any]:
    """A row for programs."""
    error = {"code": row.code, "variable": row.variable, "message": row.message} if row.code else None
    text = Rendered(view, row.variables, ()).text if row.code == "" else None
    return {
        "number": row.number,
        "contact_id": str(row.contact_id) if row.contact_id else None,
        "name": row.name,
        "phone": mask.number(row.phone),
        "outcome": row.outcome,
        "error": error if with_text or error is None else {**error, "message": None},
        "text": text if with_text else None,
        "values": row.variables if with_text else None,
    }

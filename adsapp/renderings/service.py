"""What people do with renderings: ask for one."""

from typing import Any, Final

from adsapp import jobs
from adsapp.core import db
from adsapp.core.db.rows import insert_rows
from adsapp.jobs import Priority
from adsapp.jobs.idempotency import require_subject
from adsapp.message_templates.models import WAITING, Rendering, RenderingRow
from adsapp.message_templates.placeholders import to_json
from adsapp.organizations.auditing import By
from adsapp.outbound import audience as audiences
from adsapp.renderings.asked import Checked, RenderingIn, check
from adsapp.renderings.subject import RENDERING

PROCESSOR: Final = "process-template"


def create_rendering(
    data: RenderingIn, by: By, *, idempotency_key: str | None = None, digest: str | None = None
) -> Rendering:
    """Render a template for everybody in an audience, or for each row, in a job. Nothing is sent.

    Raises Invalid with every field that is wrong, AskedMeanwhile if another request used the key at this moment.
    """
    asked = check(data)
    rendering = _new(asked, by)
    db.session.add(rendering)
    db.session.flush()
    _keep_rows(rendering, asked)
    subject = RENDERING.of(rendering.id)
    job = jobs.enqueue(
        PROCESSOR,
        {"rendering_id": str(rendering.id)},
        title=f"Try {rendering.template_name}"[:200],
        subject=subject,
        priority=Priority.HIGH,
        idempotency_key=idempotency_key,
        digest=digest,
        created_by=by.name,
        total=rendering.total,
    )
    rendering.job_id = require_subject(job, subject).id
    by.audit("try template", subject, title=rendering.template_name, people=rendering.total)
    return rendering


def _new(asked: Checked, by: By) -> Rendering:
    total = audiences.count_of(asked.audience).total if asked.audience else len(asked.rows)
    return Rendering(
        organization_id=db.require_organization_id(),
        template_name=asked.template.name,
        template_language=asked.template.language,
        parameter_format=asked.template.parameter_format,
        components=asked.template.components,
        variables=dict(to_json(asked.sources)),
        audience=dict(asked.audience.spec) if asked.audience else None,
        total=total,
        created_by=by.name,
    )


def _keep_rows(rendering: Rendering, asked: Checked) -> None:
    insert_rows(RenderingRow, [_waiting(number, row) for number, row in enumerate(asked.rows, 1)], _same(rendering))


def _same(rendering: Rendering) -> dict[str, Any]:
    return {"rendering_id": rendering.id, "code": "", "variable": "", "message": "", "variables": {}}


def _waiting(number: int, row: dict[str, Any]) -> dict[str, Any]:
    names = (str(row.get("first_name", "")), str(row.get("last_name", "")))
    return {
        "number": number,
        "contact_id": None,
        "name": (str(row.get("name", "")) or " ".join(filter(None, names)))[:200],
        "phone": str(row.get("phone", "")),
        "outcome": WAITING,
        "given": row,
    }

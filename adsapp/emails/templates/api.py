"""E-mail templates for programs: the same services and verdicts as the pages."""

from typing import Any

from flask import Blueprint, url_for
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.pagination import MOST, PAGE
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.parameters import reads
from adsapp.core.web.parsing import parse_body, parse_query
from adsapp.emails.models import EmailTemplate
from adsapp.emails.templates import queries, service
from adsapp.emails.templates.service import TemplateIn
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("email_templates_api", __name__, url_prefix="/api")

TEMPLATE_BYTES = 4 * MB


class TemplateBody(BaseModel):
    """A template; `variables` as those of messages, for what is no contact field or attribute."""

    model_config = ConfigDict(extra="forbid")

    name: str
    subject: str
    html: str = ""
    text: str = ""
    variables: dict[str, Any] = Field(default_factory=dict)

    @property
    def as_template(self) -> TemplateIn:
        """The same, as services take it."""
        return TemplateIn(self.name, self.subject, self.html, self.text, self.variables)


class ChangedTemplateBody(TemplateBody):
    """All of a template anew; `version` is the one that it changes."""

    version: int


class TemplatesQuery(BaseModel):
    """What to list; `search` in names and subjects."""

    search: str = ""
    cursor: str = ""
    limit: int = Field(PAGE, ge=1, le=MOST)


@api.get("/email-templates")
@reads(TemplatesQuery)
@allow(Permission.SEE)
def list_templates() -> ResponseReturnValue:
    """Newest first, without their bodies; `next` is the cursor of the following page."""
    query = parse_query(TemplatesQuery)
    page = queries.list_templates(query.search, query.cursor, query.limit)
    return {"email_templates": [_line(template) for template in page.items], "next": page.next}


@api.post("/email-templates")
@takes(TEMPLATE_BYTES)
@allow(Permission.MANAGE, to="add e-mail templates")
def create_template() -> ResponseReturnValue:
    """201 with the template; 422 says what is wrong with it, field by field."""
    template = service.create_template(parse_body(TemplateBody).as_template, current_actor().by())
    db.session.commit()
    here = url_for("email_templates_api.get_template", template_id=template.id)
    return {"email_template": template_json(template)}, 201, {"Location": here}


@api.get("/email-templates/<template_id>")
@allow(Permission.SEE)
def get_template(template_id: str) -> ResponseReturnValue:
    """One template with its bodies."""
    return template_json(queries.get_template(template_id))


@api.put("/email-templates/<template_id>")
@takes(TEMPLATE_BYTES)
@allow(Permission.MANAGE, to="change e-mail templates")
def change_template(template_id: str) -> ResponseReturnValue:
    """The template as it is now; 409 if somebody changed it since the version that is given."""
    body = parse_body(ChangedTemplateBody)
    found = queries.get_template(template_id)
    template = service.change_template(found, body.as_template, body.version, current_actor().by())
    db.session.commit()
    return template_json(template)


@api.delete("/email-templates/<template_id>")
@allow(Permission.MANAGE, to="delete e-mail templates")
def delete_template(template_id: str) -> ResponseReturnValue:
    """204; e-mails that were made from it are not touched."""
    service.delete_template(queries.get_template(template_id), current_actor().by())
    db.session.commit()
    return "", 204


def _line(template: EmailTemplate) -> dict[str, Any]:
    return {
        "id": str(template.id),
        "name": template.name,
        "subject": template.subject,
        "version": template.version,
        "created_by": template.created_by or None,
        "updated_at": iso(template.updated_at),
    }


def template_json(template: EmailTemplate) -> dict[str, Any]:
    """A template for programs; `placeholders` are the names in it that get a value for each person."""
    return {
        **_line(template),
        "html": template.html,
        "text": template.text,
        "variables": template.variables,
        "placeholders": list(queries.content_of(template).variables_used),
        "created_at": iso(template.created_at),
    }

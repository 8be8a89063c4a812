"""Templates for programs: submitted and deleted by the same service as on pages."""

from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.web.parsing import parse_body
from adsapp.message_templates import queries
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.studio import service
from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

api = Blueprint("studio_api", __name__, url_prefix="/api")

CHANGE = "write templates"


class ButtonBody(BaseModel):
    """A button; `value` is its address, its phone number or its code."""

    model_config = ConfigDict(extra="forbid")

    type: str
    text: str = ""
    value: str = ""


class DraftBody(BaseModel):
    """A template; `examples` by the variables' keys: body.1, header.1, button.0.1 (the whole address)."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str
    category: str
    body: str
    header: str = ""
    footer: str = ""
    buttons: list[ButtonBody] = Field(default_factory=list, max_length=100)
    examples: dict[str, str] = Field(default_factory=dict)

    def as_draft(self) -> TemplateDraft:
        """The same, as services take it."""
        return TemplateDraft(
            self.name,
            self.language,
            self.category.upper(),
            self.body,
            "TEXT" if self.header else "",
            self.header,
            self.footer,
            tuple(ButtonDraft(each.type.upper(), each.text, each.value) for each in self.buttons),
            self.examples,
        )


@api.post("/templates")
@allow(Permission.MANAGE, to=CHANGE)
def submit_template() -> ResponseReturnValue:
    """Submit a template for review: 202, pending. 422 with each fault of the provider's rules at its field."""
    template = service.submit(parse_body(DraftBody).as_draft(), current_actor().by())
    answer = jsonify({"template": submitted_json(template)})
    answer.status_code = 202
    db.session.commit()
    return answer


@api.delete("/templates/<uuid:template_id>")
@allow(Permission.MANAGE, to=CHANGE)
def delete_template(template_id: Any) -> ResponseReturnValue:
    """Delete it at the provider in its language; 204."""
    service.delete(queries.get_template_by_id(template_id), current_actor().by())
    db.session.commit()
    return "", 204


def submitted_json(template: MessageTemplate) -> dict[str, Any]:
    """As the provider has taken it."""
    names = ("name", "language", "category", "status")
    return {"id": str(template.id), **{name: getattr(template, name) for name in names}}

"""Templates for programs: submitted and deleted by the same service as on pages."""

from dataclasses import replace
from typing import Any

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict, Field

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.web.parsing import parse_body
from adsapp.message_templates import history, queries
from adsapp.message_templates.models import MessageTemplate, TemplateChange
from adsapp.message_templates.studio import service
from adsapp.message_templates.studio.draft import ButtonDraft, TemplateDraft
from adsapp.message_templates.studio.form import StudioForm
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
    """A template; `examples` by the variables' keys: body.1, header.1, button.0.1 (the whole address). `header_format`
    IMAGE, VIDEO or DOCUMENT comes with `header_sample`: the `value` of a file that was kept."""

    model_config = ConfigDict(extra="forbid")

    name: str
    language: str
    category: str
    body: str
    header: str = ""
    header_format: str = ""
    header_sample: str = ""
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
            self.header_format.upper() or ("TEXT" if self.header else ""),
            self.header,
            self.footer,
            tuple(ButtonDraft(each.type.upper(), each.text, each.value) for each in self.buttons),
            self.examples,
            self.header_sample,
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


class ChangeBody(BaseModel):
    """What becomes different; whatever is not given stays. `seen`: what `GET` said, so that nobody's change is lost."""

    model_config = ConfigDict(extra="forbid")

    category: str | None = None
    body: str | None = None
    header: str | None = None
    header_format: str | None = None
    header_sample: str | None = None
    footer: str | None = None
    buttons: list[ButtonBody] | None = Field(default=None, max_length=100)
    examples: dict[str, str] | None = None
    seen: str | None = None

    def over(self, draft: TemplateDraft) -> TemplateDraft:
        """The draft with what is given here."""
        given = {name: value for name, value in self.model_dump(exclude={"seen"}).items() if value is not None}
        if self.buttons is not None:
            given["buttons"] = tuple(ButtonDraft(each.type.upper(), each.text, each.value) for each in self.buttons)
        if self.examples is not None:
            given["examples"] = {**draft.examples, **self.examples}
        if self.header is not None and self.header_format is None:
            given["header_format"] = "TEXT" if self.header else ""
        upper = {name: given[name].upper() for name in ("category", "header_format") if name in given}
        return replace(draft, **given | upper)


class CopyBody(ChangeBody):
    """A copy needs another name or another language."""

    name: str = ""
    language: str = ""

    def over(self, draft: TemplateDraft) -> TemplateDraft:
        """The same under its own name and language."""
        changed = ChangeBody(**self.model_dump(exclude={"name", "language"})).over(draft)
        return replace(changed, name=self.name or draft.name, language=self.language or draft.language)


@api.get("/templates/<uuid:template_id>")
@allow(Permission.SEE)
def show_template(template_id: Any) -> ResponseReturnValue:
    """One template as it would be edited, and what became of it."""
    template = queries.get_template_by_id(template_id)
    changes = [change_json(each) for each in history.changes_of(template)]
    return jsonify({"template": {**submitted_json(template), **written_json(template)}, "changes": changes})


@api.patch("/templates/<uuid:template_id>")
@allow(Permission.MANAGE, to=CHANGE)
def change_template(template_id: Any) -> ResponseReturnValue:
    """Submit a change: 202, pending again. 409 if it cannot be changed now, or somebody else has changed it."""
    body, template = parse_body(ChangeBody), queries.get_template_by_id(template_id)
    seen = service.fingerprint(template) if body.seen is None else body.seen
    changed = service.change(template, body.over(StudioForm.of(template).draft), seen, current_actor().by())
    answer = jsonify({"template": submitted_json(changed)})
    answer.status_code = 202
    db.session.commit()
    return answer


@api.post("/templates/<uuid:template_id>/copies")
@allow(Permission.MANAGE, to=CHANGE)
def copy_template(template_id: Any) -> ResponseReturnValue:
    """Submit the same under another name or in another language, with what is given changed: 202, pending."""
    body, template = parse_body(CopyBody), queries.get_template_by_id(template_id)
    made = service.submit(body.over(StudioForm.of(template).draft), current_actor().by())
    answer = jsonify({"template": submitted_json(made)})
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


def written_json(template: MessageTemplate) -> dict[str, Any]:
    """Its parts as they are submitted, and `seen` for a change."""
    draft = StudioForm.of(template).draft
    buttons = [{"type": each.type, "text": each.text, "value": each.value} for each in draft.buttons]
    names = ("body", "header_format", "header", "header_sample", "footer")
    return {
        **{name: getattr(draft, name) for name in names},
        "buttons": buttons,
        "examples": dict(draft.examples),
        "seen": service.fingerprint(template),
    }


def change_json(change: TemplateChange) -> dict[str, Any]:
    """Something that became of it."""
    names = ("what", "before", "after", "reason", "told_by")
    return {"at": iso(change.at), **{name: getattr(change, name) for name in names}}


def submitted_json(template: MessageTemplate) -> dict[str, Any]:
    """As the provider has taken it."""
    names = ("name", "language", "category", "status")
    return {"id": str(template.id), **{name: getattr(template, name) for name in names}}

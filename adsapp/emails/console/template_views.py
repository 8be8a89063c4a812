"""Pages: the store of e-mail templates."""

import uuid
from typing import Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import ask
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.pages import render, render_asked
from adsapp.emails.console import preview
from adsapp.emails.console.blueprint import views
from adsapp.emails.console.template_page import (
    LIST,
    EditTemplatePage,
    TemplateForm,
    TemplatePage,
    TemplatesPage,
    deletion,
    errors_by_field,
)
from adsapp.emails.models import EmailTemplate
from adsapp.emails.templates import queries, service
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

PER_PAGE: Final = 25
FORM_BYTES: Final = 2 * MB
CHANGE: Final = "change e-mail templates"


@views.get("/email-templates")
@allow(Permission.SEE)
def list_templates() -> ResponseReturnValue:
    """All of them, newest first."""
    search, cursor = request.args.get("search", "").strip(), request.args.get("cursor", "")
    return render(TemplatesPage.of(queries.list_templates(search, cursor, PER_PAGE), search, cursor))


@views.get("/email-templates/new")
@allow(Permission.MANAGE, to=CHANGE)
def new_template() -> ResponseReturnValue:
    """An empty form."""
    return render(EditTemplatePage.of(TemplateForm(), None))


@views.post("/email-templates/drafts")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to=CHANGE)
def draft_template() -> ResponseReturnValue:
    """The form as it is typed, with its preview; nothing is kept."""
    return _draft(None)


@views.post("/email-templates/<template_id>/drafts")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to=CHANGE)
def draft_changed_template(template_id: str) -> ResponseReturnValue:
    """Likewise, of one that there is."""
    return _draft(queries.get_template(template_id).id)


def _draft(template_id: uuid.UUID | None) -> ResponseReturnValue:
    page = EditTemplatePage.of(TemplateForm.read(request.form), template_id)
    return render_asked(page)


@views.post("/email-templates/previews")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to=CHANGE)
def preview_template_draft() -> ResponseReturnValue:
    """What is typed as somebody reads it, for the frame beside the form."""
    form = TemplateForm.read(request.form).completed
    shown = preview.of_contact(form.content, form.person - 1) or preview.example(form.content)
    return preview.document(shown.rendered)


@views.post("/email-templates")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to="add e-mail templates")
def create_template() -> ResponseReturnValue:
    """Keep a new one; the form again with what is wrong."""
    form = TemplateForm.read(request.form)
    try:
        template = service.create_template(form.template_in, current_actor().by())
    except Invalid as error:
        return render(EditTemplatePage.of(form, None, errors_by_field(error))), error.status
    return _done(template, f"“{template.name}” is saved")


@views.get("/email-templates/<template_id>")
@allow(Permission.SEE)
def show_template(template_id: str) -> ResponseReturnValue:
    """How it reads to real people."""
    return render(TemplatePage.of(queries.get_template(template_id), digits(request.args.get("person", "")) or 1))


@views.get("/email-templates/<template_id>/preview")
@allow(Permission.SEE)
def preview_template(template_id: str) -> ResponseReturnValue:
    """The document of its frame."""
    page = TemplatePage.of(queries.get_template(template_id), digits(request.args.get("person", "")) or 1)
    return preview.document(page.shown.rendered)


@views.get("/email-templates/<template_id>/edit")
@allow(Permission.MANAGE, to=CHANGE)
def edit_template(template_id: str) -> ResponseReturnValue:
    """The form with all that it has."""
    template = queries.get_template(template_id)
    return render(EditTemplatePage.of(TemplateForm.of(template), template.id))


@views.post("/email-templates/<template_id>")
@takes(FORM_BYTES)
@allow(Permission.MANAGE, to=CHANGE)
def save_template(template_id: str) -> ResponseReturnValue:
    """Keep the changes; the form again with what is wrong, or that somebody else has saved it meanwhile."""
    template, form = queries.get_template(template_id), TemplateForm.read(request.form)
    try:
        service.change_template(template, form.template_in, form.version or 0, current_actor().by())
    except Invalid as error:
        return render(EditTemplatePage.of(form, template.id, errors_by_field(error))), error.status
    except Conflict as error:
        db.session.rollback()
        return render(EditTemplatePage.of(_again(form, template_id), template.id, {}, error.detail)), error.status
    return _done(template, f"“{template.name}” is saved")


def _again(form: TemplateForm, template_id: str) -> TemplateForm:
    """What was typed, on top of the version that there is now: who saves it again has seen that there is another."""
    now = queries.get_template(template_id).version
    return TemplateForm(form.name, form.subject, form.html, form.text, form.typed, now, form.person)


@views.post("/email-templates/<template_id>/copies")
@allow(Permission.MANAGE, to="add e-mail templates")
def duplicate_template(template_id: str) -> ResponseReturnValue:
    """A copy, open for changes."""
    copy = service.duplicate_template(queries.get_template(template_id), current_actor().by())
    target = url_for("emails.edit_template", template_id=copy.id)
    db.session.commit()
    flash("This is the copy; give it a name and change it", "good")
    return redirect(target, 303)


@views.get("/email-templates/<template_id>/deletion")
@allow(Permission.MANAGE, to="delete e-mail templates")
def ask_to_delete_template(template_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(deletion(queries.get_template(template_id)))


@views.post("/email-templates/<template_id>/deletion")
@allow(Permission.MANAGE, to="delete e-mail templates")
def delete_template(template_id: str) -> ResponseReturnValue:
    """Delete it."""
    template = queries.get_template(template_id)
    name = template.name
    service.delete_template(template, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is deleted", "good")
    return redirect(url_for(LIST), 303)


def _done(template: EmailTemplate, said: str) -> ResponseReturnValue:
    target = url_for("emails.show_template", template_id=template.id)
    db.session.commit()
    flash(said, "good")
    return redirect(target, 303)

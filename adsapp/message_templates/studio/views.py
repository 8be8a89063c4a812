"""Pages: a template is written, checked as it is typed, and submitted; changed, copied, deleted."""

import uuid
from dataclasses import replace

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.confirmation import ask
from adsapp.core.web.limits import takes_upload
from adsapp.core.web.pages import render, render_asked, render_refused
from adsapp.message_templates import queries
from adsapp.message_templates.availability import why_not_edited
from adsapp.message_templates.files import service as files
from adsapp.message_templates.files.values import of_file
from adsapp.message_templates.models import MessageTemplate
from adsapp.message_templates.studio import service
from adsapp.message_templates.studio.form import StudioForm
from adsapp.message_templates.studio.page import StudioPage, deletion
from adsapp.message_templates.views import views
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

CHANGE = "write templates"


@views.get("/templates/new")
@allow(Permission.MANAGE, to=CHANGE)
def new_template() -> ResponseReturnValue:
    """An empty form, or with `copy` the text of another template."""
    copy = request.args.get("copy", "")
    form = StudioForm.copy_of(_found(copy)) if copy else StudioForm()
    return render(StudioPage.of(form))


@views.post("/templates/draft")
@allow(Permission.MANAGE, to=CHANGE)
def check_draft() -> ResponseReturnValue:
    """The form as it is typed, with its faults; nothing is kept."""
    page = StudioPage.of(StudioForm.read(request.form))
    return render_asked(page)


@views.post("/templates")
@allow(Permission.MANAGE, to=CHANGE)
def submit_template() -> ResponseReturnValue:
    """Submit it for review; the form again with what is wrong."""
    form = StudioForm.read(request.form)
    try:
        template = service.submit(form.draft, current_actor().by())
    except Invalid as error:
        db.session.rollback()
        return render(StudioPage.of(form, refused=_by_place(error))), 422
    except service.NotAnswered as error:
        db.session.rollback()
        return render(StudioPage.of(form, not_taken=error.detail)), 409
    return _done(template, f"“{template.name}” is submitted. WhatsApp looks at it, which takes minutes to a day")


@views.get("/templates/<template_id>/edit")
@allow(Permission.MANAGE, to=CHANGE)
def edit_template(template_id: str) -> ResponseReturnValue:
    """The form with what the provider has."""
    template = _found(template_id)
    if why_not := why_not_edited(template):
        flash(why_not, "warning")
        return redirect(url_for("message_templates.show_template", template_id=template.id), 303)
    return render(StudioPage.of(StudioForm.of(template), template.id))


@views.post("/templates/sample")
@takes_upload
@allow(Permission.MANAGE, to=CHANGE)
def upload_sample() -> ResponseReturnValue:
    """Keep the picture, video or document above it, and show the form with it."""
    return _with_upload(None)


@views.post("/templates/<template_id>/sample")
@takes_upload
@allow(Permission.MANAGE, to=CHANGE)
def upload_changed_sample(template_id: str) -> ResponseReturnValue:
    """The same for a template that is edited."""
    return _with_upload(_found(template_id).id)


def _with_upload(template_id: uuid.UUID | None) -> ResponseReturnValue:
    form, given = StudioForm.read(request.form), request.files.get("file")
    try:
        if given is None or not given.filename:
            raise Invalid.field("file", "Choose a file first")
        kept = files.keep(given.stream, given.filename, current_actor().by(), form.draft.header_format)
    except Invalid as error:
        db.session.rollback()
        return render_refused(StudioPage.of(form, template_id).with_error("header_sample", error.detail), error.detail)
    sample = of_file(kept.id)
    db.session.commit()
    page = StudioPage.of(replace(form, draft=replace(form.draft, header_sample=sample)), template_id)
    return render_asked(page)


@views.post("/templates/<template_id>/draft")
@allow(Permission.MANAGE, to=CHANGE)
def check_changed_draft(template_id: str) -> ResponseReturnValue:
    """The form as it is typed, with its faults; nothing is kept."""
    page = StudioPage.of(StudioForm.read(request.form), _found(template_id).id)
    return render_asked(page)


@views.post("/templates/<template_id>")
@allow(Permission.MANAGE, to=CHANGE)
def change_template(template_id: str) -> ResponseReturnValue:
    """Submit the change; the form again with what is wrong, or that somebody else has changed it meanwhile."""
    template, form = _found(template_id), StudioForm.read(request.form)
    own_id = template.id
    try:
        template = service.change(template, form.draft, form.seen, current_actor().by())
    except Invalid as error:
        db.session.rollback()
        return render(StudioPage.of(form, own_id, refused=_by_place(error))), 422
    except service.ChangedMeanwhile as error:
        db.session.rollback()
        again = StudioForm(form.draft, service.fingerprint(_found(template_id)))
        return render(StudioPage.of(again, own_id, changed_by_others=error.detail)), 409
    except service.NotAnswered as error:
        db.session.rollback()
        return render(StudioPage.of(form, own_id, not_taken=error.detail)), 409
    return _done(template, f"The change of “{template.name}” is submitted")


@views.get("/templates/<template_id>/deletion")
@allow(Permission.MANAGE, to=CHANGE)
def ask_to_delete_template(template_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(deletion(_found(template_id)))


@views.post("/templates/<template_id>/deletion")
@allow(Permission.MANAGE, to=CHANGE)
def delete_template(template_id: str) -> ResponseReturnValue:
    """Delete it at the provider."""
    template = _found(template_id)
    name = template.name
    service.delete(template, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is deleted", "good")
    return redirect(url_for("message_templates.list_templates"), 303)


def _found(template_id: str) -> MessageTemplate:
    wanted = parse_id(template_id)
    if wanted is None:
        raise NotFound("There is no such template")
    return queries.get_template_by_id(wanted)


def _by_place(error: Invalid) -> dict[str, str]:
    return {each.field: each.message for each in reversed(error.fields)}


def _done(template: MessageTemplate, said: str) -> ResponseReturnValue:
    target = url_for("message_templates.show_template", template_id=template.id)
    db.session.commit()
    flash(said, "good")
    return redirect(target, 303)

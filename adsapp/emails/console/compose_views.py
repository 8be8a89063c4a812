"""The page on which an e-mail is composed and confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.limits import MB, takes
from adsapp.core.web.pages import WebPage, render, render_asked
from adsapp.emails import queries, service
from adsapp.emails.console import compose_page, preview
from adsapp.emails.console.blueprint import views
from adsapp.emails.console.compose_form import ComposeForm, errors_by_field
from adsapp.emails.console.compose_page import ComposePage
from adsapp.emails.subject import EMAIL
from adsapp.emails.templates import queries as templates
from adsapp.jobs import Job
from adsapp.jobs.idempotency import AskedMeanwhile
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.outbound import once

FORM_BYTES: Final = 4 * MB  # more than a body may have, so that it is still told so beside its field
SEND: Final = "send e-mails"


@views.get("/emails/new")
@allow(Permission.SEND, to=SEND)
def new_email() -> ResponseReturnValue:
    """The form; its address may name a template, an audience, or an e-mail to send again."""
    form = _again() or ComposeForm.read(request.args)
    return render(compose_page.compose(form, zone_is_default="zone" not in request.args))


def _again() -> ComposeForm | None:
    again = request.args.get("again")
    if not again:
        return None
    email = queries.get_email(again)
    return ComposeForm.of_email(email, templates.find_template(email.template_id))


@views.post("/emails/drafts")
@takes(FORM_BYTES)
@allow(Permission.SEND, to=SEND)
def draft_email() -> ResponseReturnValue:
    """The form as it is typed, with its pre-flight and preview; nothing is kept."""
    page = compose_page.compose(ComposeForm.read(request.form))
    return render_asked(page)


@views.post("/emails/previews")
@takes(FORM_BYTES)
@allow(Permission.SEND, to=SEND)
def preview_draft() -> ResponseReturnValue:
    """What is typed as somebody reads it, for the frame beside the form."""
    return preview.document(compose_page.compose(ComposeForm.read(request.form)).shown.rendered)


@views.post("/emails/tests")
@takes(FORM_BYTES)
@allow(Permission.SEND, to=SEND)
def send_test() -> ResponseReturnValue:
    """Send what is typed to whoever types it, as the person beside the form would read it; the form stays as it is."""
    page = compose_page.compose(ComposeForm.read(request.form))
    user = current_actor().user
    if user is None:
        raise Conflict("A program has no address that a test could go to; sign in to send one")
    try:
        service.create_email(compose_page.test_of(page, user.email, user.name), current_actor().by(), people=1)
    except Invalid as error:
        db.session.rollback()
        return _refused(page.form, errors_by_field(error))
    address = user.email
    db.session.commit()
    flash(f"A test goes to {address}, as {page.shown.name or 'somebody'} would read it", "good")
    return render(compose_page.compose(page.form))


@views.get("/emails/drafts")
@views.get("/emails/tests")
@allow(Permission.SEND, to=SEND)
def return_to_form() -> ResponseReturnValue:
    """Where the form stood after it was sent there: opened by its address, or again after a sign-in."""
    return redirect(url_for("emails.new_email"))


@views.post("/emails")
@takes(FORM_BYTES)
@allow(Permission.SEND, to=SEND)
def create_email() -> ResponseReturnValue:
    """Ask with the exact count first; create once that very count was confirmed."""
    form = replace(ComposeForm.read(request.form), person=1)
    key = once.key_of(form.pairs())
    if (begun := once.begun_by(key)) is not None:
        return _was_begun(begun)
    page = compose_page.compose(form)
    errors = compose_page.all_errors(page)
    if errors or not page.preflight.can_start:
        return _refused(form, errors)
    confirmed, people = request.form.get("confirmed", ""), page.preflight.will_send
    if confirmed != str(people):
        changed_from = digits(confirmed)
        return render(ConfirmPage(composed=page, changed_from=changed_from)), 200 if changed_from is None else 409
    try:
        email = service.create_email(
            page.email_in, current_actor().by(), people=people, idempotency_key=key, digest=key
        )
    except AskedMeanwhile:
        db.session.rollback()
        return _was_begun(once.begun_by(key))
    except Invalid as error:
        db.session.rollback()
        return _refused(form, errors_by_field(error))
    target = url_for("emails.show_email", email_id=email.id)
    said = f"“{email.name}” was {'scheduled' if email.scheduled_at else 'started'}"
    db.session.commit()
    flash(said, "good")
    return redirect(target, 303)


def _was_begun(job: Job | None) -> ResponseReturnValue:
    """This very form was sent before: nobody gets it twice for that."""
    flash("This was sent before, and it is here. Nobody gets it twice", "good")
    email_id = EMAIL.id_of(job.subject) if job else ""
    target = url_for("emails.show_email", email_id=email_id) if email_id else url_for("emails.list_emails")
    return redirect(target, 303)


def _refused(form: ComposeForm, errors: Mapping[str, FieldError]) -> ResponseReturnValue:
    return render(compose_page.compose(form, errors)), 422


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfirmPage(WebPage):
    """The last look before e-mails go out; `changed_from` is the number of people last time, if that changed."""

    template: ClassVar[str] = "email/confirm.html"

    composed: ComposePage
    changed_from: int | None

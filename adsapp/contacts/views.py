"""Pages of contacts: the list, one of them, its form. Imports are in `imports/views`, under the same name."""

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts import export, opt_outs, presenter, queries, service
from adsapp.contacts.forms import ContactForm
from adsapp.contacts.models import Contact, OptSource
from adsapp.contacts.presenter import ContactFormPage, ContactListPage, ContactPage
from adsapp.contacts.queries import ContactFilter
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.web.exports import delimiter_of
from adsapp.core.web.pages import render
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("contacts", __name__)

FILTERED_BY = ("q", "tag", "opted_out", "import_id")


@views.get("/contacts")
@allow(Permission.SEE)
def list_contacts() -> ResponseReturnValue:
    """Contacts, newest first: `?q=…&tag=…&opted_out=1&import_id=…&cursor=…`."""
    return render(ContactListPage.of(_filter(), _here(), request.args.get("cursor", "")))


def _here() -> dict[str, str]:
    return {name: value for name in FILTERED_BY if (value := request.args.get(name))}


def _filter() -> ContactFilter:
    return ContactFilter(
        search=request.args.get("q", "").strip(),
        tag=request.args.get("tag", ""),
        opted_out=request.args.get("opted_out") == "1",
        import_id=request.args.get("import_id", ""),
        by_number=current_actor().sees_numbers,
        country=current_actor().organization.default_country,
    )


@views.get("/contacts/export")
@allow(Permission.MANAGE, to="export contacts")
def ask_to_export() -> ResponseReturnValue:
    """In which form the people whom the list was narrowed to are taken along."""
    return render(presenter.export_page(_filter(), _here()))


@views.get("/contacts.csv")
@allow(Permission.MANAGE, to="export contacts")
def export_csv() -> ResponseReturnValue:
    """The people whom the list was narrowed to, as a file: `?delimiter=comma|semicolon|tab`."""
    return export.as_csv(_filter(), delimiter_of(request.args.get("delimiter")), current_actor().by())


@views.get("/contacts.xlsx")
@allow(Permission.MANAGE, to="export contacts")
def export_xlsx() -> ResponseReturnValue:
    """The same as a workbook."""
    return export.as_xlsx(_filter(), current_actor().by())


@views.get("/contacts/new")
@allow(Permission.MANAGE)
def new_contact() -> ResponseReturnValue:
    """The empty form."""
    return render(ContactFormPage(ContactForm.typed({"country": ""})))


@views.post("/contacts")
@allow(Permission.MANAGE)
def create_contact() -> ResponseReturnValue:
    """Add it; the form again if something is wrong."""
    form, actor = ContactForm.typed(request.form), current_actor()
    try:
        contact = service.create_contact(form.parse(), actor.organization.default_country, by=actor.by())
    except (Invalid, Conflict) as problem:
        return _refused(form, problem)
    db.session.commit()
    flash("The contact was added", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact.id), 303)


@views.get("/contacts/<contact_id>")
@allow(Permission.SEE)
def show_contact(contact_id: str) -> ResponseReturnValue:
    """One contact: details, tags, consent and its history."""
    return render(ContactPage.of(queries.get_contact(contact_id), current_actor()))


@views.get("/contacts/<contact_id>/edit")
@allow(Permission.MANAGE)
def edit_contact(contact_id: str) -> ResponseReturnValue:
    """The form, filled in."""
    contact = queries.get_contact(contact_id)
    return render(ContactFormPage(ContactForm.of(contact, queries.tags_of([contact.id])[contact.id]), contact))


@views.post("/contacts/<contact_id>/edit")
@allow(Permission.MANAGE)
def update_contact(contact_id: str) -> ResponseReturnValue:
    """Save it; the form again where something is wrong."""
    contact = queries.get_contact(contact_id)
    form, actor = ContactForm.typed(request.form), current_actor()
    try:
        service.update_contact(contact, form.parse(), actor.organization.default_country, by=actor.by())
    except (Invalid, Conflict) as problem:
        return _refused(form, problem, contact)
    db.session.commit()
    flash("Saved", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact.id), 303)


def _refused(form: ContactForm, problem: Invalid | Conflict, contact: Contact | None = None) -> ResponseReturnValue:
    if isinstance(problem, Conflict):
        form.errors["phone"] = problem.detail
    else:
        form.refuse(problem)
    known = getattr(problem, "contact_id", None)
    known_url = url_for("contacts.show_contact", contact_id=known) if known else ""
    return render(ContactFormPage(form, contact, known_url)), problem.status


@views.get("/contacts/<contact_id>/opt-out")
@allow(Permission.SEND)
def ask_to_opt_out(contact_id: str) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    return render(presenter.opt_out(queries.get_contact(contact_id), current_actor()))


@views.post("/contacts/<contact_id>/opt-out")
@allow(Permission.SEND)
def opt_out(contact_id: str) -> ResponseReturnValue:
    """The person wants no more messages."""
    contact = queries.get_contact(contact_id)
    opt_outs.opt_out(contact, OptSource.HAND, request.form.get("detail", "").strip(), by=current_actor().by())
    db.session.commit()
    flash("Opted out: no campaign reaches this person any more", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact_id), 303)


@views.post("/contacts/<contact_id>/opt-in")
@allow(Permission.SEND)
def opt_in(contact_id: str) -> ResponseReturnValue:
    """The person agreed again; how they did so is kept with it."""
    contact = queries.get_contact(contact_id)
    detail = request.form.get("detail", "").strip()
    if not detail:
        error = "Say how the person agreed, so that it can be shown later."
        return render(ContactPage.of(contact, current_actor(), error)), 422
    opt_outs.opt_in(contact, OptSource.HAND, detail, by=current_actor().by())
    db.session.commit()
    flash("Opted in: campaigns reach this person again", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact_id), 303)

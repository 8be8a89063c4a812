"""Pages of contacts: the list, one of them, its form. Imports are in `import_views`, under the same name."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.contacts import opt_outs, queries, service
from adsapp.contacts.forms import ContactForm
from adsapp.contacts.models import Contact, OptEvent, OptSource
from adsapp.contacts.queries import ContactFilter
from adsapp.contacts.values.countries import countries
from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.web.templating import format_phone
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("contacts", __name__)


@views.get("/contacts")
@allow(Permission.SEE)
def list_contacts() -> ResponseReturnValue:
    """Contacts, newest first: `?q=…&tag=…&opted_out=1&import_id=…&cursor=…`."""
    wanted = _filter()
    page = queries.list_contacts(wanted, request.args.get("cursor", ""))
    here: dict[str, Any] = {name: value for name, value in request.args.items() if name != "cursor" and value}
    return render_template(
        "contacts/list.html",
        contacts=page.items,
        tags=queries.tags_of([contact.id for contact in page.items]),
        all_tags=queries.tags(),
        wanted=wanted,
        total=queries.contact_count(),
        next_url=url_for("contacts.list_contacts", **here, cursor=page.next) if page.next else None,
        first_url=url_for("contacts.list_contacts", **here) if request.args.get("cursor") else None,
        search_text=wanted.search,
    )


def _filter() -> ContactFilter:
    return ContactFilter(
        search=request.args.get("q", "").strip(),
        tag=request.args.get("tag", ""),
        opted_out=request.args.get("opted_out") == "1",
        import_id=request.args.get("import_id", ""),
        by_number=current_actor().sees_numbers,
        country=current_actor().organization.default_country,
    )


@views.get("/contacts/new")
@allow(Permission.MANAGE)
def new_contact() -> ResponseReturnValue:
    """The empty form."""
    return _form_page(ContactForm.typed({"country": ""}))


@views.post("/contacts")
@allow(Permission.MANAGE)
def create_contact() -> ResponseReturnValue:
    """Add it; the form again where something is wrong."""
    form, actor = ContactForm.typed(request.form), current_actor()
    try:
        contact = service.create_contact(form.parse(), actor.organization.default_country, actor.by())
    except (Invalid, Conflict) as problem:
        return _refused(form, problem)
    db.session.commit()
    flash("The contact was added", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact.id), 303)


@views.get("/contacts/<contact_id>")
@allow(Permission.SEE)
def show_contact(contact_id: str) -> ResponseReturnValue:
    """One contact: details, tags, consent and its history."""
    contact = queries.get_contact(contact_id)
    return _contact_page(contact)


def _contact_page(contact: Contact, error: str = "") -> str:
    return render_template(
        "contacts/show.html",
        contact=contact,
        title=contact.display_name or format_phone(contact.phone, current_actor().sees_numbers),
        tags=queries.tags_of([contact.id])[contact.id],
        history=[_told(event) for event in queries.consent_history(contact)],
        imports=queries.imports_of(contact),
        country=countries().get(contact.country, contact.country),
        opt_in_error=error,
    )


SOURCES = {
    OptSource.KEYWORD: "wrote it as a message",
    OptSource.BUTTON: "pressed the button in a message",
    OptSource.PREFERENCES: "changed it in WhatsApp",
    OptSource.PROVIDER: "WhatsApp refused a message for it",
    OptSource.HAND: "entered by hand",
    OptSource.IMPORT: "told by an import",
    OptSource.API: "told by a program",
}


def _told(event: OptEvent) -> dict[str, Any]:
    return {
        "kind": "bad" if event.opted_out else "good",
        "title": "Opted out" if event.opted_out else "Agreed to messages again",
        "at": event.at,
        "how": SOURCES[event.source] + (f", {event.by}" if event.by else ""),
        "detail": event.detail,
    }


@views.get("/contacts/<contact_id>/edit")
@allow(Permission.MANAGE)
def edit_contact(contact_id: str) -> ResponseReturnValue:
    """The form, filled in."""
    contact = queries.get_contact(contact_id)
    return _form_page(ContactForm.of(contact, queries.tags_of([contact.id])[contact.id]), contact)


@views.post("/contacts/<contact_id>/edit")
@allow(Permission.MANAGE)
def update_contact(contact_id: str) -> ResponseReturnValue:
    """Save it; the form again where something is wrong."""
    contact = queries.get_contact(contact_id)
    form, actor = ContactForm.typed(request.form), current_actor()
    try:
        service.update_contact(contact, form.parse(), actor.organization.default_country, actor.by())
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
    return _form_page(
        form, contact, url_for("contacts.show_contact", contact_id=known) if known else ""
    ), problem.status


def _form_page(form: ContactForm, contact: Contact | None = None, known_url: str = "") -> str:
    choices = list(countries().items())
    return render_template("contacts/form.html", form=form, contact=contact, known_url=known_url, countries=choices)


@views.get("/contacts/<contact_id>/opt-out")
@allow(Permission.SEND)
def ask_to_opt_out(contact_id: str) -> ResponseReturnValue:
    """The question the dialog asks, as a page of its own."""
    contact = queries.get_contact(contact_id)
    title = contact.display_name or format_phone(contact.phone, current_actor().sees_numbers)
    return render_template("contacts/opt_out.html", contact=contact, title=title)


@views.post("/contacts/<contact_id>/opt-out")
@allow(Permission.SEND)
def opt_out(contact_id: str) -> ResponseReturnValue:
    """The person wants no more messages."""
    contact = queries.get_contact(contact_id)
    opt_outs.opt_out(contact, OptSource.HAND, request.form.get("detail", "").strip(), current_actor().by())
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
        return _contact_page(contact, "Say how the person agreed, so that it can be shown later."), 422
    opt_outs.opt_in(contact, OptSource.HAND, detail, current_actor().by())
    db.session.commit()
    flash("Opted in: campaigns reach this person again", "good")
    return redirect(url_for("contacts.show_contact", contact_id=contact_id), 303)

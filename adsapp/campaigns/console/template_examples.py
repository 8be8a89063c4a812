"""Examples for a template that is being written: the values of a real person, who is asked for by nobody's name."""

from dataclasses import replace

from flask import request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from adsapp.campaigns.console.views import views
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.inputs import digits
from adsapp.core.web.pages import render_asked
from adsapp.message_templates.placeholders import FIELDS, FromAttribute, FromField, Person
from adsapp.message_templates.studio.form import StudioForm
from adsapp.message_templates.studio.page import StudioPage
from adsapp.organizations.access import allow
from adsapp.organizations.policy import Permission
from adsapp.outbound.audience import person_of

LOOKED_AT = 50  # people


@views.post("/templates/examples")
@allow(Permission.MANAGE, to="write templates")
def fill_examples() -> ResponseReturnValue:
    """The form with the values of one of the newest contacts, `person` by `person`; nothing is kept."""
    form, nth = StudioForm.read(request.form), digits(request.form.get("person", "")) or 0
    person = _somebody(nth)
    if person is not None:
        found = {key: _value(key, person) for key in form.draft.variables if key.startswith(("body.", "header."))}
        told = {key: value for key, value in found.items() if value}
        form = replace(form, draft=replace(form.draft, examples={**form.draft.examples, **told}))
    page = replace(StudioPage.of(form), person=nth + 1)
    return render_asked(page)


def _somebody(nth: int) -> Person | None:
    """The n-th of the newest who have a name, in a circle."""
    newest = select(Contact).where(Contact.first_name != "").order_by(Contact.id.desc()).limit(LOOKED_AT)
    people = db.session.scalars(newest).all()
    return person_of(people[nth % len(people)]) if people else None


def _value(key: str, person: Person) -> str:
    """A variable that is called as a field or a column has that value; the first number is mostly the name."""
    name = key.rpartition(".")[2]
    if name in FIELDS:
        return FromField(name).value(person)
    return FromField("first_name").value(person) if name == "1" else FromAttribute(name).value(person)

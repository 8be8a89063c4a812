"""Contacts as a file for spreadsheets and other programs, which imports again as it went out (case S01).

It is made while it is sent, and each piece is read in a transaction of its own: a slow download holds none open.
"""

from collections.abc import Iterator, Sequence

from flask import Flask, Response, current_app

from adsapp.contacts import queries
from adsapp.contacts.imports.reading.own import EXPORT_COLUMNS
from adsapp.contacts.models import Contact
from adsapp.contacts.queries import ContactFilter
from adsapp.core import db
from adsapp.core.web import exports
from adsapp.core.web.downloads import file_name
from adsapp.core.web.exports import Table
from adsapp.organizations.auditing import By

CHUNK = 1_000
PHONE = EXPORT_COLUMNS.index("Phone")


def as_csv(wanted: ContactFilter, delimiter: str, by: By) -> Response:
    """Everybody whom the filter lets through; `delimiter` is a key of `exports.DELIMITERS`."""
    return exports.as_csv(_begin(wanted, by), delimiter, _name(wanted, ".csv"))


def as_xlsx(wanted: ContactFilter, by: By) -> Response:
    """The same as a workbook."""
    return exports.as_xlsx(_begin(wanted, by), "Contacts", _name(wanted, ".xlsx"))


def _begin(wanted: ContactFilter, by: By) -> Table:
    narrowed_to = {name: value for name, value in vars(wanted).items() if name in queries.NARROWING and value}
    by.note("export contacts", "contacts", title="Contacts", narrowed_to=narrowed_to)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keys = queries.attribute_keys(wanted)
    return Table([*EXPORT_COLUMNS, *keys], _chunks(app, wanted, keys), PHONE)


def _chunks(app: Flask, wanted: ContactFilter, keys: Sequence[str]) -> Iterator[list[list[str]]]:
    organization_id = db.require_organization_id()

    def read() -> Iterator[list[list[str]]]:
        cursor: str | None = ""
        while cursor is not None:
            with db.organization_context(app, organization_id), db.reading():
                page = queries.list_contacts(wanted, cursor, CHUNK)
                tags = queries.tags_of([contact.id for contact in page.items])
                rows, cursor = [_row(contact, tags[contact.id], keys) for contact in page.items], page.next
            yield rows

    return read()


def _row(contact: Contact, tags: Sequence[str], keys: Sequence[str]) -> list[str]:
    """The cells in the order of EXPORT_COLUMNS, then the attributes."""
    return [
        contact.phone if contact.phone.startswith("+") else "",
        contact.name,
        contact.first_name,
        contact.last_name,
        contact.email_typed or contact.email,
        contact.language,
        contact.country,
        ", ".join(tags),
        "yes" if contact.opted_out_at else "",
        *(str(contact.attributes.get(key, "")) for key in keys),
    ]


def _name(wanted: ContactFilter, ending: str) -> str:
    return file_name("contacts", wanted.tag, ending=ending)

"""Names that are formulas or markup stay text, and a file of ours can be imported again (case S01)."""

import csv
import io
import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from adsapp.campaigns.console import export
from adsapp.campaigns.models import CampaignRecipient, RecipientStatus
from adsapp.contacts import service
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.core.web.exports import Table, as_csv
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.contacts.imports.reading.helpers import read_contacts
from tests.paths import CASES

FILE = CASES / "S01-formula-and-markup-names" / "names.csv"
NUMBERS = [f"+1202555012{last}" for last in range(7)]
FORMULA = re.compile(r"[=+\-@\t\r]")


def _recipient(name: str, phone: str) -> CampaignRecipient:
    return CampaignRecipient(name=name, phone=phone, status=RecipientStatus.READ, error_code="", attempts=1)


def test_a_file_of_formulas_goes_out_harmless_and_comes_in_again(tmp_path: Path) -> None:
    _, rows, rejected = read_contacts(FILE)
    assert (rejected, [row.phone for row in rows]) == ([], NUMBERS)
    assert [row.name[0] for row in rows] == list("=@-+=<P")
    people = [export.row_of(_recipient(row.name, row.phone)) for row in rows]
    table = Table(export.HEADER, [people], export.HEADER.index("phone"))
    sent = as_csv(table, "comma", "people.csv").get_data(as_text=True)
    cells = [cell for line in csv.reader(io.StringIO(sent.removeprefix("\ufeff"))) for cell in line]
    assert [cell for cell in cells if FORMULA.match(cell) and not re.fullmatch(r"\+[\d ]+", cell)] == []
    again = tmp_path / "again.csv"
    again.write_text(sent, encoding="utf-8", newline="")
    assert [row.phone for row in read_contacts(again)[1]] == NUMBERS


def test_markup_in_a_name_is_text_on_every_page_of_the_person(app: Flask, cast: Cast, client: FlaskClient) -> None:
    with db.organization_context(app, cast.bakery_id):
        contact = service.create_contact(
            ContactIn(phone=NUMBERS[5], name="<img src=x onerror=alert(1)>"), "US", by=NOBODY
        )
        db.session.commit()
        page = f"/contacts/{contact.id}"
    cast.sign_in(client, "alice")
    for path in (page, f"{page}/edit", f"{page}/opt-out", "/contacts", "/contacts?q=img"):
        shown = client.get(path).text
        assert "<img src=x" not in shown
        assert "&lt;img src=x" in shown

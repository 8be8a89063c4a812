"""Files as people have them, in a browser: from the drop to the undoing, and from the drop to a campaign."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from adsapp.contacts import service
from adsapp.contacts.schemas import ContactIn
from adsapp.core import db
from adsapp.organizations.auditing import NOBODY
from tests.browser.conftest import Console, Look
from tests.campaigns.scene import set_the_scene
from tests.contacts.imports.workbooks import sheet, xlsx
from tests.jobs.conftest import worker  # noqa: F401  # a fixture

pytestmark = [
    pytest.mark.browser,
    pytest.mark.usefixtures("worker"),
    pytest.mark.parametrize("shape", ["embedded"], indirect=True),  # the pages do not know on which they stand
]

HEADER = "Vorname;Handy;Straße;handy ;E-Mail"  # the second handy counts where the first is blank
KNOWN = ContactIn(phone="+4915123456780", first_name="Georg")


def german(number: int) -> str:
    """A row; the zero of its number is lost, so that it might be one of Texas."""
    second = "0171 2345678" if number % 3 else ""
    return f"Jürgen {number};1512345678{number % 10};Große Gasse {number};{second};j{number}@example.de"


def drop(console: Console, page: Page, file: Path) -> None:
    """Upload the file; its columns are shown."""
    console.open(page, "/imports/new")
    page.get_by_label("File with contacts").set_input_files(file)
    page.get_by_role("button", name="Look at the file").click()
    expect(page.get_by_role("button", name="Try it first")).to_be_visible()


def test_a_list_out_of_a_german_spreadsheet_from_drop_to_undo(
    look: Look, console: Console, alice: Page, tmp_path: Path
) -> None:
    with db.organization_context(console.app, console.cast.bakery_id):
        service.create_contact(KNOWN, "DE", by=NOBODY)
        db.session.commit()
    file = tmp_path / "Kunden.csv"
    wrong = [f"Klara;0151 234567812345{n};;;" for n in range(2)]
    file.write_bytes("\r\n".join([HEADER, *map(german, range(30)), *wrong]).encode("cp1252"))
    drop(console, alice, file)
    expect(alice.get_by_role("heading", name="From which country are these numbers?")).to_be_visible()
    expect(alice.get_by_role("button", name="Choose the country first")).to_be_visible()
    look.at("import-country")
    alice.get_by_role("button", name="Choose Germany").click()
    expect(alice.get_by_role("button", name="Import with Germany as country")).to_be_visible()
    look.at("import-country-chosen")
    alice.get_by_role("button", name="Try it first").click()
    expect(alice.get_by_text("9 + 1 + 0 + 20 + 2 = 32 rows read")).to_be_visible()
    look.at("trial")
    alice.get_by_role("button", name="Import these contacts").click()
    expect(alice.get_by_role("heading", name="9 new contacts and 1 updated")).to_be_visible()
    here = alice.url
    look.at("import-report")
    alice.get_by_role("link", name="Show the rows").click()
    expect(alice.get_by_role("heading", name="Rows that repeat somebody")).to_be_visible()
    look.at("import-rows")
    alice.goto(here)
    alice.get_by_role("link", name="Undo the import").click()
    expect(alice.get_by_text("9 people whom it added will be removed.")).to_be_visible()
    look.at("import-undo")
    alice.get_by_role("button", name="Undo the import").click()
    expect(alice.get_by_text("9 new contacts removed, 1 put back.")).to_be_visible()
    look.at("import-undone")
    console.open(alice, "/contacts/export")
    look.at("contacts-export")


def test_a_workbook_of_two_sheets_from_drop_to_a_campaign(
    look: Look, console: Console, alice: Page, tmp_path: Path
) -> None:
    set_the_scene(console.app, console.cast)
    staff = [("Staff of March",), (), ("Phone", "Name"), ("+12025550181", "Jo"), ("+12025550182", "Kim")]
    customers = sheet([("phone", "Town"), ("+12025550191", "Riga")])
    drop(console, alice, xlsx(tmp_path / "people.xlsx", {"Customers": customers, "Staff": sheet(staff)}))
    expect(alice.locator("#column-row-1")).to_contain_text("Town")
    alice.get_by_label("Tags for everybody in the file").fill("March")
    alice.get_by_label("Tags for everybody in the file").press("Tab")
    alice.wait_for_load_state("networkidle")  # else the next change would take the place of this one's request
    alice.get_by_label("Sheet").select_option("Staff")
    expect(alice.locator("#column-row-1")).to_contain_text("Jo")
    expect(alice.get_by_label("Tags for everybody in the file")).to_have_value("March")
    look.at("import-sheet")
    alice.get_by_label("Row with the names of the columns").fill("1")
    alice.get_by_label("Row with the names of the columns").press("Tab")
    expect(alice.locator("#column-row-0")).to_contain_text("Staff of March")
    alice.get_by_label("Sheet").select_option("Customers")
    expect(alice.locator("#column-row-1")).to_contain_text("Town")
    alice.get_by_label("Sheet").select_option("Staff")
    expect(alice.locator("#column-row-1")).to_contain_text("Jo")
    alice.get_by_role("button", name="Import these contacts").click()
    expect(alice.get_by_role("heading", name="2 new contacts")).to_be_visible()
    alice.get_by_role("link", name="Send them a message").click()
    expect(alice.get_by_role("heading", level=1)).to_contain_text("campaign")
    expect(alice.locator("main")).to_contain_text("people.xlsx")
    alice.wait_for_load_state("networkidle")  # it counts whom it would reach
    look.at("compose-for-an-import")
    alice.wait_for_load_state("networkidle")

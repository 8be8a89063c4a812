"""A workbook of two sheets: the page follows the sheet that is chosen, without another click."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Look
from tests.contacts.imports.workbooks import sheet, xlsx

pytestmark = [pytest.mark.browser, pytest.mark.parametrize("shape", ["embedded"], indirect=True)]


def test_the_columns_follow_the_sheet(console: Console, alice: Page, look: Look, tmp_path: Path) -> None:
    staff = [("Staff of March",), (), ("Phone", "Name"), ("+12025550181", "Jo"), ("+12025550182", "|<f>A1</f>")]
    customers = sheet([("phone", "Town"), ("+12025550101", "Riga")])
    book = xlsx(tmp_path / "people.xlsx", {"Customers": customers, "Staff": sheet(staff)})
    console.open(alice, "/imports/new")
    alice.locator("input[type=file]").set_input_files(book)
    alice.get_by_role("button", name="Look at the file").click()
    expect(alice.locator("#column-row-1")).to_contain_text("Town")
    alice.get_by_label("Tags for everybody in the file").fill("March")
    alice.get_by_label("Sheet").select_option("Staff")
    expect(alice.locator("#column-row-1")).to_contain_text("Jo")
    expect(alice.get_by_label("Tags for everybody in the file")).to_have_value("March")
    look.at("import-sheet")
    alice.get_by_label("Row with the names of the columns").fill("1")
    alice.get_by_label("Row with the names of the columns").press("Tab")
    expect(alice.locator("#column-row-0")).to_contain_text("Staff of March")
    alice.get_by_label("Sheet").select_option("Customers")
    expect(alice.locator("#column-row-1")).to_contain_text("Town")

"""Files as people have them, from drop to contacts, in a browser."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Look

pytestmark = pytest.mark.browser

HEADER = "Vorname;Handy;Straße;handy ;E-Mail"  # the second handy counts where the first is blank


def german(number: int) -> str:
    """A row; the zero of its number is lost, so that it might be one of Texas."""
    second = "0171 2345678" if number % 3 else ""
    return f"Jürgen {number};1512345678{number % 10};Große Gasse {number};{second};j{number}@example.de"


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_list_out_of_a_german_spreadsheet(look: Look, console: Console, alice: Page, tmp_path: Path) -> None:
    file = tmp_path / "Kunden.csv"
    file.write_bytes("\r\n".join([HEADER, *map(german, range(30)), "Klara;12;;;"]).encode("cp1252"))
    console.open(alice, "/imports/new")
    alice.get_by_label("File with contacts").set_input_files(file)
    alice.get_by_role("button", name="Look at the file").click()
    expect(alice.get_by_role("heading", name="From which country are these numbers?")).to_be_visible()
    expect(alice.get_by_role("button", name="Choose the country first")).to_be_visible()
    look.at("import-country")
    alice.get_by_role("button", name="Choose Germany").click()
    expect(alice.get_by_role("button", name="Import with Germany as country")).to_be_visible()
    look.at("import-country-chosen")
    console.open(alice, "/contacts/export")
    look.at("contacts-export")

"""A file from the drop to its undoing, in a browser: tried, imported, looked at row by row, undone."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Console, Look
from tests.jobs.conftest import worker  # noqa: F401  # a fixture

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("worker")]
FIRST = "phone;name;city\n+12025550101;Ann Lee;Riga\n+12025550102;Bo Kim;\n"
SECOND = (
    "phone;name;city\n+12025550101;Anna Lee;Oslo\n+12025550102;Bo Kim;\n(202) 555-0103;Cy;\nbad;Di;\n+12025550101;;\n"
)


@pytest.fixture(params=["embedded"])
def shape(request: pytest.FixtureRequest) -> str:
    """One shape: the pages do not know which they stand on."""
    kind: str = request.param
    return kind


def test_a_file_is_tried_imported_and_undone(console: Console, alice: Page, look: Look, tmp_path: Path) -> None:
    page = alice

    def drop(name: str, content: str) -> None:
        (tmp_path / name).write_text(content, encoding="utf-8")
        console.open(page, "/imports/new")
        page.set_input_files("input[type=file]", tmp_path / name)
        page.get_by_role("button", name="Look at the file").click()
        expect(page.get_by_role("button", name="Try it first")).to_be_visible()
        page.select_option("select[name=default_country]", "US")

    drop("first.csv", FIRST)
    page.get_by_role("button", name="Import these contacts").click()
    expect(page.get_by_text("2 new contacts")).to_be_visible()

    drop("second.csv", SECOND)
    page.get_by_role("button", name="Try it first").click()
    expect(page.get_by_text("1 + 1 + 1 + 1 + 1 = 5 rows read")).to_be_visible()
    look.at("trial")
    page.get_by_role("button", name="Import these contacts").click()
    expect(page.get_by_role("heading", name="1 new contact and 1 updated")).to_be_visible()
    here = page.url
    look.at("import-report")

    page.get_by_role("link", name="Show the rows").click()
    expect(page.get_by_role("heading", name="Rows that repeat somebody")).to_be_visible()
    page.goto(f"{here}/rows")
    look.at("import-rows")

    page.goto(here)
    page.get_by_role("link", name="Undo the import").click()
    expect(page.get_by_text("1 person whom it added will be removed.")).to_be_visible()
    look.at("import-undo")
    page.get_by_role("button", name="Undo the import").click()
    expect(page.get_by_text("1 new contact removed, 1 put back.")).to_be_visible()
    look.at("import-undone")

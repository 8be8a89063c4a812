"""Rejected rows come back as a file that is safe to open and can be mended and uploaded again."""

from pathlib import Path

import pytest

from adsapp.contacts.imports.reading.files import inspect
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS, report_lines, safe_cell
from tests.contacts.imports.reading.helpers import read_contacts


def write_report(path: Path, source: Path) -> Path:
    _, _, bad = read_contacts(source)
    path.write_text("".join(report_lines(inspect(source).header, bad)), encoding="utf-8", newline="")
    return path


def test_a_mended_report_imports_as_the_rows_it_came_from(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text('name,phone,sum,note\nZoë,2O25550100,-5,"a\nb"\nBen,+12025550101,1,ok\n', encoding="utf-8")
    report = write_report(tmp_path / "report.csv", source)
    assert report.read_bytes().startswith(b"\xef\xbb\xbf")
    found = inspect(report)
    assert found.header == (*REPORT_COLUMNS, "name", "phone", "sum", "note")
    assert found.sample[0][:3] == ("1", "2", "phone")
    assert "letters" in found.sample[0][3]
    assert found.sample[0][4]
    report.write_text(report.read_text("utf-8").replace("2O2", "202"), encoding="utf-8")
    _, good, bad = read_contacts(report)
    assert [(row.name, row.phone, row.attributes) for row in good] == [
        ("Zoë", "+12025550100", {"sum": "-5", "note": "a\nb"})
    ]
    assert bad == []


def test_a_report_of_a_report_has_the_four_columns_once(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("name,phone\nAna,123\n")
    first = write_report(tmp_path / "first.csv", source)
    second = write_report(tmp_path / "second.csv", first)
    assert second.read_bytes() == first.read_bytes()


def test_a_row_with_too_many_cells_stays_whole(tmp_path: Path) -> None:
    source = tmp_path / "list.csv"
    source.write_text("name,phone\nDoe,Sam,+12025550100\n")
    report = write_report(tmp_path / "report.csv", source)
    assert inspect(report).sample[0][5:] == ("Doe", "Sam", "+12025550100")


@pytest.mark.parametrize("cell", ["=1+1", "+cmd", "-2", "@x", "\tx", "\rx", "\nx", "＝1", "+1*2", "+"])
def test_no_cell_of_the_report_is_run_as_a_formula(cell: str) -> None:
    assert safe_cell(cell) == "'" + cell


@pytest.mark.parametrize("cell", ["+12025550100", "+1 (202) 555-0100", "Ana", "", "1=1", "'x"])
def test_phone_numbers_and_plain_texts_stay_as_they_are(cell: str) -> None:
    assert safe_cell(cell) == cell

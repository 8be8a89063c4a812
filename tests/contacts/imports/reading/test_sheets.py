"""Workbooks as people send them, and as somebody who means ill would: each pitfall of the field by its name."""

import datetime
import re
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from adsapp.contacts.imports.reading.files import (
    Inspection,
    Reading,
    UnreadableFile,
    count_rows,
    inspect,
    prepare,
    read_rows,
)
from adsapp.contacts.imports.reading.mapping import propose
from adsapp.contacts.imports.reading.rows import ContactRow, Defaults, RowJudge
from adsapp.contacts.imports.sheets import archives, cells, excerpt, guard, limits, workbook
from adsapp.contacts.imports.sheets import child as reader
from adsapp.contacts.imports.sheets.kinds import Kind, kind_of
from adsapp.core import xlsx as exported
from tests.contacts.imports.reading.helpers import read_contacts
from tests.contacts.imports.workbooks import (
    DATE,
    DATE_TIME,
    DURATION,
    PEOPLE,
    PERCENT,
    ods,
    ole,
    sheet,
    wrapped,
    xls,
    xlsx,
    zipped,
)
from tests.paths import CASES

AS_FOUND = Reading()
ANA, BEN = "+12025550100", "+12025550101"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "upload"


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The reader without a process of its own, which is quicker; those that would hurt get one."""
    if "child" not in request.fixturenames:
        monkeypatch.setattr(workbook, "_run", lambda task: reader.answer(reader.Task(**task)))


@pytest.fixture
def child(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of its own, with little memory and time."""
    monkeypatch.setattr(limits, "MEMORY_BYTES", 600 * limits.MB)
    monkeypatch.setattr(limits, "LOOK_SECONDS", 20)


def rows(path: Path, reading: Reading = AS_FOUND) -> list[tuple[int, list[str]]]:
    """The number in the sheet and the cells of every row under the header."""
    found = inspect(path, reading)
    prepare(path, found)
    read = [(row.line, row.cells) for row in read_rows(path, found)]
    assert [tuple(each) for _, each in read[: len(found.sample)]] == list(found.sample)
    workbook.remove_beside(path)
    assert [each.name for each in path.parent.iterdir()] == [path.name]
    return read


def values(path: Path, *written: object) -> list[str]:
    """One row of these cells, as it is read."""
    xlsx(path, {"People": sheet([("phone", *map(str, range(len(written)))), (ANA, *written)])})
    ((_, read),) = rows(path)
    return read[1:]


def xlsx_of(path: Path, table: Sequence[Sequence[str]]) -> Path:
    return xlsx(path, {"People": sheet(table)})


def ods_of(path: Path, table: Sequence[Sequence[str]]) -> Path:
    return ods(path, {"People": table})


WORKBOOKS: dict[str, Callable[[Path], Path]] = {
    "xlsx": lambda path: xlsx(path, {"People": sheet(PEOPLE)}),
    "xlsx of one column apart": lambda path: xlsx(path, {"People": sheet([("", *row) for row in PEOPLE])}),
    "xls": lambda path: xls(path, PEOPLE),
    "ods": lambda path: ods(path, {"People": PEOPLE}),
}


def test_a_reader_without_memory_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def breaks(task: reader.Task) -> None:
        raise MemoryError

    monkeypatch.setattr(reader, "_found", breaks)
    xlsx(path, {"People": sheet(PEOPLE)})
    with pytest.raises(UnreadableFile, match="takes more memory than a list of contacts does"):
        inspect(path)


@pytest.mark.parametrize("kind", WORKBOOKS)
def test_every_kind_of_workbook_is_known_by_its_content_and_reads_the_same(path: Path, kind: str) -> None:
    """Pitfall 35: the file has no ending at all here."""
    WORKBOOKS[kind](path)
    found = inspect(path)
    assert (found.sheets, found.sheet, found.header_line) == (("People",), 0, 1)
    assert Inspection.from_json(found.to_json()) == found
    assert [(line, row[-2:]) for line, row in rows(path)] == [(2, [ANA, "Ana Test"]), (3, [BEN, "Ben Test"])]


LISTS = (
    "I01-utf8-bom-header/bom_quoted_header.csv",
    "I02-semicolon-and-sep-line/semicolon.csv",
    "I04-cells-that-are-not-one-phone/phone_cells.csv",
    "I06-invisible-characters-in-phone/invisible.csv",
    "I08-email-case-space-blank/emails.csv",
    "I10-two-columns-one-field/same_header_twice.csv",
    "I10-two-columns-one-field/two_synonyms.csv",
    "S01-formula-and-markup-names/names.csv",
)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("make", [xlsx_of, ods_of])
def test_the_cases_are_judged_in_a_sheet_as_in_a_text(path: Path, name: str, make: Callable[..., Path]) -> None:
    text = CASES / name
    found = inspect(text)
    make(path, [found.header, *(row.cells for row in read_rows(text, found))])
    mapping, good, bad = read_contacts(path)
    as_text, good_text, bad_text = read_contacts(text)
    assert mapping == as_text
    assert [row._replace(number=0) for row in good] == [row._replace(number=0) for row in good_text]
    assert [(row.code, row.value, row.suggestion) for row in bad] == [
        (row.code, row.value, row.suggestion) for row in bad_text
    ]


def test_a_workbook_that_we_export_reads_as_it_was(path: Path) -> None:
    table = [[ANA, "=1+1", "a\nb", "_x0041_"], [BEN, "<img src=x>", " +44", "Zoë & Łódź"]]
    path.write_bytes(b"".join(exported.workbook(["phone", "name", "note", "odd"], table, "Contacts")))
    assert rows(path) == [(2, table[0]), (3, table[1])]


def test_a_text_that_is_called_a_workbook_is_read_as_text(tmp_path: Path) -> None:
    called = tmp_path / "list.xlsx"
    called.write_text(f"phone\tname\n{ANA}\tAna Test\n")
    assert inspect(called).kind is Kind.TEXT
    assert inspect(called).sample == ((ANA, "Ana Test"),)


def test_numbers_are_whole_and_shortest_and_no_digit_is_made_up(path: Path) -> None:
    """Pitfalls 22, 23 and 24: what Excel has rounded away is refused by its notation, not filled with zeros."""
    written = (447911123456, 12.5, 0.1, 1e300, 12345678901234567890, -3, 4.479e11, f's="{PERCENT}"|<v>0.25</v>')
    assert values(path, *written) == [
        "447911123456", "12.5", "0.1", "1e+300", "1.2345678901234567e+19", "-3", "447900000000", "0.25",
    ]  # fmt: skip


def test_a_number_that_lost_its_zeros_or_its_plus_is_read_as_text_would_be(path: Path) -> None:
    """Pitfall 25: what was assumed is said with the row."""
    xlsx(path, {"People": sheet([("phone", "country"), (447911123456, ""), (7911123456, "GB"), (1.2e25, "GB")])})
    found = inspect(path)
    prepare(path, found)
    judge = RowJudge(propose(found.header, found.sample), Defaults("US"))
    good, national, lost = map(judge, read_rows(path, found))
    assert isinstance(good, ContactRow)
    assert (good.phone, good.assumed) == ("+447911123456", "lost plus")
    assert isinstance(national, ContactRow)
    assert national.phone == "+447911123456"
    assert not isinstance(lost, ContactRow)
    assert lost.code == "scientific_notation"


def test_dates_times_and_truths_are_written_out(path: Path) -> None:
    """Pitfall 33: never a serial number."""
    assert values(
        path,
        f's="{DATE}"|<v>45581</v>',
        f's="{DATE_TIME}"|<v>45581.5</v>',
        f's="{DURATION}"|<v>1.5</v>',
        't="b"|<v>1</v>',
        't="b"|<v>0</v>',
        "x",
    ) == ["2024-10-16", "2024-10-16 12:00:00", "36:00:00", "TRUE", "FALSE", "x"]
    assert [cells.text_of(each) for each in (datetime.time(9, 5), datetime.timedelta(hours=-1), 7)] == [
        "09:05:00",
        "-1:00:00",
        "7",
    ]


def test_a_formula_is_its_result_and_one_without_is_empty_and_said(path: Path) -> None:
    """Pitfall 31; errors such as #N/A are empty and said, too."""
    assert values(path, "|<f>1+1</f><v>2</v>", 't="str"|<f>A1</f><v>x</v>', "|<f>A1</f>", 't="e"|<v>#N/A</v>', "y") == [
        "2", "x", "", "", "y",
    ]  # fmt: skip
    formulas, errors = inspect(path).notes
    assert formulas.startswith("Formulas whose result is not in the file: 1.")
    assert errors.startswith("Cells that show an error such as #N/A: 1.")


def test_a_million_blank_rows_are_no_rows_and_cost_nothing(path: Path) -> None:
    """Pitfall 28: a request reads the first of them only."""
    blank = "".join(f'<row r="{n}"><c r="A{n}" s="1"/><c r="XFD{n}" s="1"/></row>' for n in range(4, 150_000))
    far = '<row r="1048576" s="1"><c r="A1048576" s="1"/></row>'
    xlsx(path, {"People": sheet(PEOPLE).replace("</sheetData>", blank + far + "</sheetData>")})
    assert [line for line, _ in rows(path)] == [2, 3]


def test_rows_after_a_gap_and_cells_of_many_lines_keep_the_numbers_of_the_sheet(path: Path) -> None:
    """Pitfalls 9, 20 and 30."""
    xlsx(path, {"People": sheet({3: ("", "phone", "note"), 5: ("", ANA, "one\ntwo\r\nthree"), 90_000: ("", BEN, "x")})})
    assert rows(path) == [(5, ["", ANA, "one\ntwo\nthree"]), (90_000, ["", BEN, "x"])]
    found = inspect(path)
    prepare(path, found)
    first = next(read_rows(path, found))
    assert [(row.number, row.line) for row in read_rows(path, found, first.position)] == [(89_999, 90_000)]
    assert count_rows(path, found) == 2


def test_a_wrong_dimension_cuts_nothing(path: Path) -> None:
    """Pitfall 29."""
    inner = sheet(PEOPLE).partition("<sheetData>")[2].partition("</sheetData>")[0]
    xlsx(path, {"People": wrapped(inner, before='<dimension ref="A1:B2"/>')})
    assert len(rows(path)) == 2


def test_titles_and_merged_cells_above_the_header_are_left_out_and_said(path: Path) -> None:
    """Pitfall 34; another row can be chosen."""
    xlsx(
        path,
        {"People": sheet([("Customers 2026",), (), ("Person", "", "Contact"), ("name", "x", "phone"), ("A", "", ANA)])},
    )
    found = inspect(path)
    assert (found.header, found.header_line) == (("name", "x", "phone"), 4)
    assert "Row 4 was taken for the names" in found.notes[0]
    assert "Customers 2026" in found.notes[0]
    assert rows(path) == [(5, ["A", "", ANA])]
    assert inspect(path, Reading(header_row=3)).header == ("Person", "", "Contact")
    with pytest.raises(UnreadableFile, match="no row 77"):
        inspect(path, Reading(header_row=77))


def test_the_first_visible_sheet_that_is_filled_is_proposed_and_any_other_can_be_chosen(path: Path) -> None:
    """Pitfalls 32 and 36."""
    sheets = {"Old": sheet([("phone",), ("x",)]), "Empty": sheet([]), "2": sheet(PEOPLE), "R & D": sheet(PEOPLE[:2])}
    xlsx(path, sheets, hidden=["Old"])
    found = inspect(path)
    assert (found.sheets, found.hidden, found.sheet) == (("Old", "Empty", "2", "R & D"), (0,), 2)
    assert inspect(path, Reading(sheet="2")).sheet == 2, "a name comes before a number"
    assert inspect(path, Reading(sheet="1")).header == ("phone",)
    assert inspect(path, Reading(sheet="R & D")).sheet == 3
    assert rows(path, Reading(sheet="R & D")) == [(2, [ANA, "Ana Test"])]
    with pytest.raises(UnreadableFile, match="“Empty” is empty"):
        inspect(path, Reading(sheet="Empty"))
    with pytest.raises(UnreadableFile, match=r"no sheet 'People'.*Old, Empty, 2, R & D"):
        inspect(path, Reading(sheet="People"))


def test_a_choice_that_a_kind_of_file_does_not_have_is_refused(path: Path) -> None:
    xlsx(path, {"People": sheet(PEOPLE)})
    with pytest.raises(UnreadableFile, match=r"is a workbook.*Leave out quote"):
        inspect(path, Reading(quote="'"))
    path.write_text(f"phone\n{ANA}\n")
    with pytest.raises(UnreadableFile, match=r"is a text, and has no sheets. Leave out sheet"):
        inspect(path, Reading(sheet="People"))


def test_hidden_rows_are_read_and_said(path: Path) -> None:
    """Pitfall 32."""
    xlsx(path, {"R&D": sheet(PEOPLE, ' hidden="1"')})
    assert inspect(path).notes == ("Rows that are hidden, by hand or by a filter: 3. They are read like any other.",)
    assert len(rows(path)) == 2


LARGE = 30_000
WAYS_TO_WRITE: dict[str, Callable[[str], str]] = {
    "as Excel": lambda xml: xml,
    "with prefixes": lambda xml: re.sub(r"<(/?)(\w)", r"<\1x:\2", xml).replace("xmlns=", "xmlns:x="),
    "with blanks": lambda xml: re.sub(r">(?=<(?!/t>))", ">\n  ", xml),
}


@pytest.mark.parametrize("way", WAYS_TO_WRITE)
def test_of_a_large_sheet_a_request_parses_the_first_rows_only(
    path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """Texts stand apart from their cells, in any order; the excerpt has those that it needs."""
    texts = ["phone", "name", *(f"Person {LARGE - number}" for number in range(LARGE))]
    head = '<row r="1"><c r="A1" t="s"><v>0</v></c><c r="B1" t="s"><v>1</v></c></row>'
    body = "".join(
        f'<row r="{n}"><c r="A{n}"><v>{12025550099 + n}</v></c><c r="B{n}" t="s"><v>{LARGE + 3 - n}</v></c></row>'
        for n in range(2, LARGE)
    )
    xlsx(path, {"People": wrapped(head + body)}, strings=texts)
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    rewritten = ("xl/sharedStrings.xml", "xl/worksheets/sheet1.xml")
    zipped(path, {name: WAYS_TO_WRITE[way](xml) if name in rewritten else xml for name, xml in parts.items()})
    monkeypatch.setattr(limits, "LOOK_BYTES", 100_000)
    monkeypatch.setattr(excerpt, "BLOCK", 20_000)
    out = path.with_name("out")
    task = reader.Task(str(path), str(out), "xlsx", None, True, limits.MEMORY_BYTES, 60)
    assert reader.answer(task)["findings"]["rows"] > 0
    assert out.read_text().splitlines()[:3] == ["phone,name", "12025550101,Person 1", "12025550102,Person 2"]
    assert 300 < len(out.read_text().splitlines()) <= limits.LOOK_ROWS
    small = path.with_name("out.xlsx")
    assert not small.is_symlink()
    with zipfile.ZipFile(small) as archive:
        assert sum(each.file_size for each in archive.infolist()) < sum(map(len, parts.values())) / 2


def test_a_sheet_of_only_a_header_or_a_workbook_of_nothing_is_refused(path: Path) -> None:
    """Pitfall 19."""
    xlsx(path, {"People": sheet(PEOPLE[:1])})
    with pytest.raises(UnreadableFile, match="header but no rows"):
        inspect(path)
    xlsx(path, {"People": sheet([]), "More": sheet([])})
    with pytest.raises(UnreadableFile, match=r"No visible sheet .* has anything in it"):
        inspect(path)


BOMBS: dict[str, tuple[Callable[[Path], Path], str]] = {
    "a cell at XFD1048576 (27)": (
        lambda path: xlsx(
            path,
            {
                "A": sheet({1: PEOPLE[0]}).replace(
                    "</row>", '</row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
                )
            },
        ),
        "column 16,384",
    ),
    "a rectangle too large": (
        lambda path: xlsx(
            path,
            {
                "A": sheet({1: PEOPLE[0]}).replace(
                    "</row>", '</row><row r="1048576"><c r="AZ1048576"><v>1</v></c></row>'
                )
            },
        ),
        "1,048,576 rows of 52 columns",
    ),
    "a far cell that the guard does not see": (
        lambda path: xlsx(
            path,
            {
                "A": sheet({1: PEOPLE[0]}).replace(
                    "</row>", '</row><row r="1048576"><c r="XFD1048576" x="/"><v>1</v></c></row>'
                )
            },
        ),
        "takes more memory than",
    ),
    "ten thousand columns": (lambda path: xlsx(path, {"A": sheet([["a"] * 10_000] * 2)}), "column 10,000"),
    "cells repeated in an OpenDocument file": (lambda path: _repeated(path), "spans more cells than"),
    "ten thousand parts": (
        lambda path: zipped(path, {f"xl/{number}": b"" for number in range(10_000)} | {"xl/workbook.xml": b""}),
        "more than 5,000 parts",
    ),
    "three hundred sheets": (lambda path: xlsx(path, {f"S{n}": sheet([]) for n in range(300)}), "300 sheets"),
    "password of Excel": (lambda path: ole(path, {"EncryptionInfo": b"", "EncryptedPackage": b""}), "password"),
    "password of an old workbook": (lambda path: xls(path, PEOPLE, password=True), "password"),
    "password of OpenDocument": (lambda path: ods(path, {"A": PEOPLE}, manifest="<encryption-data/>"), "password"),
    "an old Word document": (lambda path: ole(path, {"WordDocument": b""}), "no Excel workbook"),
    "an OpenDocument text": (lambda path: zipped(path, {"mimetype": "odt", "content.xml": ""}), "no spreadsheet"),
    "a Word document": (lambda path: zipped(path, {"word/document.xml": "", "[Content_Types].xml": ""}), "Word"),
    "a binary workbook": (lambda path: zipped(path, {"xl/workbook.bin": ""}), "xlsb"),
    "a workbook without sheets": (lambda path: xlsx(path, {}), "0 sheets"),
    "a workbook of no XML": (lambda path: xlsx(path, {"A": "\0\1\2"}), "damaged|No visible sheet|memory"),
    "an old workbook that is cut off": (lambda path: _cut(ole(path, {"Workbook": b"\x09\x08"})), "damaged|memory"),
}


def _repeated(path: Path) -> Path:
    row = (
        '<table:table-row table:number-rows-repeated="1048576"><table:table-cell table:number-columns-repeated="16384" '
    )
    with zipfile.ZipFile(ods(path, {"A": [["x"]]})) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    many = parts["content.xml"].replace("<table:table-row><table:table-cell ", row)
    assert many != parts["content.xml"]
    return zipped(path, {**parts, "content.xml": many})


def _cut(path: Path) -> Path:
    path.write_bytes(path.read_bytes()[:1_700])
    return path


@pytest.mark.usefixtures("child")
@pytest.mark.parametrize("name", BOMBS)
def test_a_workbook_that_would_hurt_costs_a_sentence(path: Path, name: str) -> None:
    make, message = BOMBS[name]
    make(path)
    with pytest.raises(UnreadableFile, match=message) as refused:
        inspect(path)
    assert refused.value.place
    assert refused.value.advice.endswith(".")
    assert [each.name for each in path.parent.iterdir()] == [path.name], "nothing is left of it"


def test_a_zip_bomb_is_refused_by_its_size_and_not_by_a_ratio(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pitfall 26: an honest list may pack a hundred times smaller, too."""
    blanks = "<row/>" * 200_000
    xlsx(path, {"People": sheet(PEOPLE).replace("</sheetData>", blanks + "</sheetData>")})
    assert path.stat().st_size * 100 < len(blanks)
    with zipfile.ZipFile(path) as archive:
        guard.refuse_large(archive)
        with pytest.raises(UnreadableFile, match="1 MB when unpacked; at most 1 MB"):
            guard.refuse_large(archive, limits.MB)
    monkeypatch.setattr(limits, "WRITTEN_BYTES", 1)
    xlsx(path, {"People": sheet([("phone",), *[(ANA,)] * 1_000])})
    task = reader.Task(str(path), str(path) + ".out", "xlsx", None, False, limits.MEMORY_BYTES, 60)
    assert "more than 0 MB of text" in reader.answer(task)["error"][0]


def test_a_web_page_that_is_called_a_workbook_is_refused_with_a_sentence(tmp_path: Path) -> None:
    """Pitfall 35."""
    called = tmp_path / "list.xls"
    called.write_text("<html><table><tr><td>phone</td></tr></table></html>")
    with pytest.raises(UnreadableFile, match=r"web page or XML, whatever its name says.*save or download"):
        inspect(called)


@pytest.mark.parametrize(
    "ended, message", [("SIGKILL", "took longer than"), ("SIGXCPU", "took longer than"), ("SIGABRT", "memory")]
)
def test_a_reader_that_was_ended_is_said(path: Path, monkeypatch: pytest.MonkeyPatch, ended: str, message: str) -> None:
    monkeypatch.undo()
    xlsx(path, {"People": sheet(PEOPLE)})
    program = f"import os, signal; os.kill(os.getpid(), signal.{ended})"
    monkeypatch.setattr(workbook, "COMMAND", (sys.executable, "-c", program))
    with pytest.raises(UnreadableFile, match=message):
        inspect(path)


@pytest.mark.usefixtures("child")
def test_a_reader_that_takes_too_long_or_a_full_disk_is_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    xlsx(path, {"People": sheet(PEOPLE)})
    monkeypatch.setattr(limits, "LOOK_SECONDS", 0)
    with pytest.raises(UnreadableFile, match="took longer than 0 seconds"):
        inspect(path)
    monkeypatch.setattr(limits, "LOOK_SECONDS", 30)
    with pytest.raises(OSError, match="No such file"):
        workbook._ask(workbook._task(path, path.with_name("nowhere") / "out", Kind.XLSX, None, look=True))


def test_the_whole_is_made_once_and_again_if_it_is_lost(path: Path) -> None:
    xlsx(path, {"People": sheet(PEOPLE)})
    found = inspect(path)
    prepare(path, found)
    made = workbook.rows_file(path)
    before = made.read_bytes()
    made.write_bytes(b"kept")
    prepare(path, found)
    assert made.read_bytes() == b"kept"
    made.unlink()
    prepare(path, found)
    assert made.read_bytes() == before
    path.with_name("upload.rows.csv.dead.xlsx").write_bytes(b"of an attempt that was killed")
    workbook.remove_beside(path)
    assert list(path.parent.iterdir()) == [path]


def _packed(path: Path, parts: dict[str, bytes]) -> Path:
    return zipped(path, parts)


def test_a_zip_of_one_list_is_the_list(path: Path, tmp_path: Path) -> None:
    inner = xlsx(tmp_path / "inner", {"People": sheet(PEOPLE)}).read_bytes()
    (tmp_path / "inner").unlink()
    _packed(path, {"lists/": b"", "lists/people.xlsx": inner, "__MACOSX/._people.xlsx": b"x", ".DS_Store": b"x"})
    assert archives.unpack(path, limits.MB) == "lists/people.xlsx"
    assert len(rows(path)) == 2
    assert archives.unpack(path, limits.MB) is None, "a workbook is no archive"
    _packed(path, {"people.csv": b"phone\n+12025550100\n"})
    assert archives.unpack(path, limits.MB) == "people.csv"
    assert kind_of(path) is Kind.TEXT


ZIPS: dict[str, tuple[dict[str, bytes], str]] = {
    "empty": ({}, "ZIP file is empty"),
    "several": ({f"{n}.csv": b"x" for n in range(7)}, r"holds 7 files: 0.csv, .*4.csv, …"),
    "another ZIP": ({"inner.zip": b"PK\x05\x06" + b"\0" * 18}, "another ZIP"),
    "too large": ({"people.csv": b"0" * 2 * limits.MB}, "larger than 1 MB when unpacked"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_zip_of_anything_else_is_refused_and_leaves_nothing(path: Path, name: str) -> None:
    parts, message = ZIPS[name]
    _packed(path, parts)
    with pytest.raises(UnreadableFile, match=message):
        archives.unpack(path, limits.MB)
    assert [each.name for each in path.parent.iterdir()] == [path.name]


def test_a_zip_with_a_password_is_refused(path: Path) -> None:
    content = bytearray(_packed(path, {"people.csv": b"phone"}).read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(mark) + place] |= 1
    path.write_bytes(bytes(content))
    with pytest.raises(UnreadableFile, match="has a password"):
        archives.unpack(path, limits.MB)


def test_a_sheet_of_prefixed_xml_is_measured_in_pieces_like_any_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "BLOCK", 64)
    text = sheet([("|<f>1</f>", 't="e"|<v>#N/A</v>', "x" * 500), ("y",) * 30], ' hidden="1"').encode()

    class Stream:
        at = 0

        def read(self, size: int) -> bytes:
            self.at += size
            return text[self.at - size : self.at]

    found = guard.measure_sheet(guard.pieces(Stream()))  # type: ignore[arg-type]
    assert (found.rows, found.columns, found.formulas_without_result, found.errors, found.hidden_rows) == (
        2,
        30,
        1,
        1,
        2,
    )
    monkeypatch.setattr(limits, "TAG_BYTES", 100)
    text = b"<worksheet " + b"a" * 1_000
    with pytest.raises(UnreadableFile, match="a tag in it never ends"):
        guard.measure_sheet(guard.pieces(Stream()))  # type: ignore[arg-type]


def test_a_sheet_with_phone_numbers_goes_before_an_earlier_one_without(path: Path) -> None:
    sheets = {
        "Info": sheet([("What", "Who"), ("Spring list", "Ann")]),
        "Old": sheet(PEOPLE),
        "Newsletter": sheet(PEOPLE),
    }
    found = inspect(xlsx(path, sheets, hidden=["Old"]))
    assert (found.sheets[found.sheet or 0], found.chosen) == ("Newsletter", ())
    assert inspect(path, Reading(sheet="Info")).sheet == 0
    only = inspect(xlsx(path, {"Info": sheets["Info"], "Also": sheets["Info"]}))
    assert only.sheet == 0

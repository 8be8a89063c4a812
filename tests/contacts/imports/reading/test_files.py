"""Files as they are found: encodings, separators, headers, and places to go on from."""

import csv
import io
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adsapp.contacts.imports.reading.encoding import BLOCK
from adsapp.contacts.imports.reading.files import Inspection, Reading, UnreadableFile, count_rows, inspect, read_rows
from adsapp.contacts.imports.reading.lines import MAX_CELL, MAX_RECORD
from tests.contacts.imports.reading.helpers import read_contacts
from tests.paths import CASES

ANA, BEN, CY = "+12025550100", "+12025550101", "+12025550102"


@pytest.mark.parametrize("name", ["bom_plain_header.csv", "bom_quoted_header.csv"])
def test_a_byte_order_mark_never_becomes_part_of_the_first_column(name: str) -> None:
    _, good, bad = read_contacts(CASES / "I01-utf8-bom-header" / name)
    assert [(row.phone, row.name, row.email) for row in good] == [
        (ANA, "Ana Test", "ana@example.com"),
        (BEN, "Ben Test", "ben@example.com"),
        (CY, "Cy Test", "cy@example.com"),
    ]
    assert bad == []
    assert all(row.attributes == {} for row in good)


def test_semicolons_keep_commas_inside_cells() -> None:
    _, good, bad = read_contacts(CASES / "I02-semicolon-and-sep-line" / "semicolon.csv")
    assert [(row.phone, row.name, row.attributes["notes"]) for row in good] == [
        ("+12025550103", "Doe, Sam", "tea, coffee"),
        ("+12025550104", "Roe, Pat", "a; b"),
        ("+12025550105", "Poe, Kit", "1,5 l"),
    ]
    assert bad == []


def test_a_sep_line_is_neither_header_nor_row() -> None:
    path = CASES / "I02-semicolon-and-sep-line" / "sep_line.csv"
    _, good, bad = read_contacts(path)
    found = inspect(path)
    assert (found.has_sep_line, found.delimiter, found.header_line) == (True, ";", 2)
    assert [(row.phone, row.name) for row in good] == [("+12025550106", "Doe, Sam"), ("+12025550107", "Roe, Pat")]
    assert bad == []


@pytest.mark.parametrize("sep", ["", "sep={}", '"sep={}"'])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("quoting", [csv.QUOTE_MINIMAL, csv.QUOTE_ALL])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_way_of_saving_a_list_reads_the_same(
    tmp_path: Path, delimiter: str, encoding: str, quoting: int, newline: str, sep: str
) -> None:
    table = [
        ["Phone", "Full name", "Notes"],
        [ANA, "Doe, Zoë", 'a; b | "c"'],
        [BEN, "Roe, Pat", f"one{newline}two\tthree"],
    ]
    path = tmp_path / "list.csv"
    out = io.StringIO()
    out.write(sep.format(delimiter) + newline if sep else "")
    csv.writer(out, delimiter=delimiter, quoting=quoting, lineterminator=newline).writerows(table)  # type: ignore[arg-type]
    path.write_bytes(out.getvalue().encode(encoding))
    found = inspect(path)
    assert (found.delimiter, list(found.header), found.has_sep_line) == (delimiter, table[0], bool(sep))
    assert [row.cells for row in read_rows(path, found)] == table[1:]
    assert found.encoding_note is None


def test_windows_western_text_is_read_and_said_to_be_a_guess(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("phone,name\n+12025550100,Zoë Müller\n".encode("cp1252"))
    found = inspect(path)
    assert found.encoding == "cp1252"
    assert found.encoding_note
    assert "guess" in found.encoding_note
    assert found.sample == (("+12025550100", "Zoë Müller"),)


def test_a_person_may_choose_encoding_and_delimiter(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes("phone|имя\n+12025550100|Анна\n".encode("cp1251"))
    found = inspect(path, Reading(encoding="cp1251", delimiter="|"))
    assert (found.header, found.sample, found.encoding_note) == (("phone", "имя"), (("+12025550100", "Анна"),), None)


def test_a_header_with_repeated_and_empty_names_is_kept_by_index(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"phone,,Phone ,phone\n{ANA},a,b,c\n")
    assert inspect(path).header == ("phone", "", "Phone", "phone")


def test_blank_lines_are_no_rows_and_lines_count_on(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"\n\nphone,name\n\n{ANA},a\n,\n{BEN},b\n")
    found = inspect(path)
    assert found.header_line == 3
    assert [(row.number, row.line) for row in read_rows(path, found)] == [(1, 5), (2, 7)]
    assert count_rows(path, found) == 2


def test_a_doubled_carriage_return_makes_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"phone,name\r\r\n{ANA},a\r\r\n{BEN},b\r\r\n".encode())
    assert [row.cells for row in read_rows(path, inspect(path))] == [[ANA, "a"], [BEN, "b"]]


def test_one_column_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("email\nphone me\n")
    assert inspect(path).header == ("email",)


def test_the_separator_is_found_though_text_is_full_of_another(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text("Name, first;Phone;Notes\n" + "".join(f"a, b;{ANA};x, y, {'z,' * i}\n" for i in range(9)))
    assert inspect(path).delimiter == ";"


def test_an_inspection_survives_json(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"phone\n{ANA}\n")
    assert Inspection.from_json(inspect(path).to_json()) == inspect(path)


REFUSED = {
    "empty": (b"", "empty", "whole file"),
    "only blanks": (b"\n,,\n\n", "empty", "whole file"),
    "only a mark": (b"\xef\xbb\xbf", "empty", "whole file"),
    "header only": (b"phone,name\n", "no rows", "line 1"),
    "half a workbook": (b"PK\x03\x04rest", "damaged", "whole file"),
    "the beginning of an old workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1rest", "no Excel workbook", "start"),
    "pdf": (b"%PDF-1.7", "PDF", "start"),
    "web page": (b"<html><table>", "web page", "start"),
    "nul": (b"phone,name\n+1202,a\n+1\x00203,b\n", "NUL", "line 3, byte 22"),
    "nul in utf-16": ("\ufeffphone\n+1\0".encode("utf-16-le"), "NUL", "byte 19"),
    "half a utf-16 character": (b"\xff\xfep\0h\0\n\0+", "broken", "byte 9"),
    "broken utf-8": ("phone,name\n+1,Zoë\n+2,".encode() + b"\xff\n", "not UTF-8", "line 3, byte 23"),
    "no header": (b"+12025550100,Ana\n+12025550101,Ben\n", "looks like a contact", "line 1"),
    "no header but e-mail": (b"Ana,ana@example.com\nBen,ben@example.com\n", "looks like a contact", "line 1"),
    "neither utf-8 nor western": (b"phone\n\x81\x8d\n", "not CP1252", "line 2"),
    "many columns": (b"phone" + b",a" * 1000 + b"\n+1\n", "1,001 columns", "line 1"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_that_cannot_be_read_is_refused_with_its_place(tmp_path: Path, name: str) -> None:
    content, message, place = REFUSED[name]
    path = tmp_path / "list.csv"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile) as refused:
        inspect(path)
    assert message in refused.value.message
    assert place in refused.value.place
    assert refused.value.advice
    is_a_place = any(character.isdigit() for character in place)
    assert (refused.value.place in str(refused.value)) is is_a_place  # "the whole file" says nothing


@pytest.mark.parametrize("choice", [{"encoding": "klingon"}, {"delimiter": "x"}, {"quote": "x"}])
def test_a_choice_that_does_not_exist_is_refused(tmp_path: Path, choice: dict[str, Any]) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f"phone\n{ANA}\n")
    with pytest.raises(UnreadableFile) as refused:
        inspect(path, Reading(**choice))
    assert refused.value.place in choice


BROKEN_LATER = {
    "unclosed quote": ('+2,"open\n+3,c\n', "never closed"),
    "unclosed quote at the very end": ('+2,"', "never closed"),
    "large cell of lines": ('+2,"' + "x\n" * (MAX_CELL // 2 + 1) + '"\n+3,c\n', "larger than"),
    "endless line": ("x," * (MAX_RECORD // 2 + BLOCK) + "\n", "larger than"),
}


@pytest.mark.parametrize("name", BROKEN_LATER)
def test_rows_before_a_lost_quote_or_giant_cell_are_read_and_then_its_line_is_named(tmp_path: Path, name: str) -> None:
    broken, message = BROKEN_LATER[name]
    good = "".join(f"+{i},n\n" for i in range(160))
    path = tmp_path / "list.csv"
    path.write_text("phone,name\n" + good + broken)
    rows = read_rows(path, inspect(path))
    assert len(list(islice(rows, 160))) == 160
    with pytest.raises(UnreadableFile) as refused:
        next(rows)
    assert message in refused.value.message
    assert refused.value.place == "line 162"


@pytest.mark.parametrize("where", ["in the sample", "far below"])
@pytest.mark.parametrize("cell, column", [("{},{}", "name"), ("{},b,{}", "")])
def test_a_cell_of_200000_characters_refuses_its_row_alone(tmp_path: Path, where: str, cell: str, column: str) -> None:
    """Pitfall 13."""
    good = "".join(f"+1202555{i:04d},n\n" for i in range(1 if where == "in the sample" else 60))
    path = tmp_path / "list.csv"
    path.write_text(f"phone,name\n{good}{cell.format(ANA, 'x' * 200_000)}\n{BEN},Ben\n")
    _, read, (refused,) = read_contacts(path)
    assert [row.phone for row in read][-1] == BEN
    assert len(read) == good.count("\n") + 1
    assert (refused.code, refused.column, refused.line) == ("cell_too_large", column, good.count("\n") + 2)
    assert max(map(len, refused.cells)) < 2_000


def test_a_title_above_the_header_of_a_text_is_left_out_and_said(tmp_path: Path) -> None:
    """Pitfall 34."""
    path = tmp_path / "list.csv"
    path.write_text(f"Customers 2026\n\nName;Phone;Note\nAna;{ANA};a,b\n")
    found = inspect(path)
    assert (found.delimiter, found.header, found.header_line) == (";", ("Name", "Phone", "Note"), 3)
    assert found.notes[0].startswith("Row 3 was taken for the names of the columns")
    assert [row.cells for row in read_rows(path, found)] == [["Ana", ANA, "a,b"]]
    assert inspect(path, Reading(header_row=3)).notes == ()


def test_a_quote_lost_in_the_first_rows_is_found_at_once(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text(f'phone,name\n{ANA},"open\n{BEN},b\n')
    with pytest.raises(UnreadableFile, match="never closed"):
        inspect(path)


def test_a_character_that_breaks_after_inspection_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_bytes(f"phone\n{ANA}\n{BEN}\n".encode())
    found = inspect(path)
    path.write_bytes(f"phone\n{ANA}\n".encode() + b"\xff\n")
    with pytest.raises(UnreadableFile, match="line 3"):
        list(read_rows(path, found))


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
TABLE = st.integers(2, 4).flatmap(
    lambda width: st.lists(st.lists(CELL, min_size=width, max_size=width).filter(any), min_size=1, max_size=8)
)


@settings(max_examples=150)
@given(
    table=TABLE,
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    encoding=st.sampled_from(["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be", "utf-16"]),
    newline=st.sampled_from(["\n", "\r\n", "\r"]),
)
def test_any_table_reads_back_and_from_any_row_the_rest_follows(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str, encoding: str, newline: str
) -> None:
    header = [f"h{i}" for i in range(len(table[0]))]
    path = tmp_path_factory.mktemp("any") / "list.csv"
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator=newline)
    writer.writerows([header, *table])
    marked = "\ufeff" * encoding.startswith("utf-16-") + out.getvalue()
    path.write_bytes(marked.encode(encoding))
    found = inspect(path, Reading(delimiter=delimiter))
    rows = list(read_rows(path, found))
    assert [row.cells for row in rows] == table
    assert (found.header, rows[-1].position.offset) == (tuple(header), path.stat().st_size)
    for index, row in enumerate(rows):
        assert list(read_rows(path, found, row.position)) == rows[index + 1 :]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_places_hold_across_blocks(tmp_path: Path, newline: str, encoding: str) -> None:
    """Cells of odd lengths, so that block ends fall inside characters, line ends and quotes alike."""
    table = [[f"+{i}", "é𝄞" * (i % 37) + '\n"' * (i % 3), "x" * (i % 101)] for i in range(6_000)]
    path = tmp_path / "list.csv"
    out = io.StringIO()
    csv.writer(out, lineterminator=newline).writerows([["phone", "name", "note"], *table])
    path.write_bytes(out.getvalue().encode(encoding))
    assert path.stat().st_size > 2 * BLOCK
    found = inspect(path)
    rows = list(read_rows(path, found))
    assert [row.cells for row in rows] == table
    for index in range(0, len(rows), 997):
        assert list(read_rows(path, found, rows[index].position)) == rows[index + 1 :]

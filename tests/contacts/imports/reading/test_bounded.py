"""A request does bounded work on an upload, whatever is in it: lines and bytes are counted, not time."""

import codecs
import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from adsapp.contacts.imports import service
from adsapp.contacts.imports.reading import encoding, lines
from adsapp.contacts.imports.reading.delimiters import DELIMITERS
from adsapp.contacts.imports.reading.errors import UnreadableFile
from adsapp.contacts.imports.reading.files import LOOKED_AT, count_rows, inspect, settled
from adsapp.contacts.imports.reading.lines import BYTES_LOOKED_AT, LINES_LOOKED_AT
from adsapp.contacts.imports.schemas import ListedContact
from adsapp.core.errors import Invalid
from adsapp.organizations.auditing import NOBODY

HEADER = b"name,phone\n"
ROW = b"Ana,+12025550107\n"
PASSES = 1 + len(DELIMITERS) + 1 + 1  # the sep= line, each delimiter, a header below a title, the sample


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> dict[str, int]:
    """What is looked at from here on: lines that are parsed, bytes that are decoded."""
    done = {"lines": 0, "bytes": 0}
    plain_lines, plain_blocks = lines._Lines.__iter__, encoding._blocks

    def counted(self: lines._Lines) -> Iterator[str]:
        for line in plain_lines(self):
            done["lines"] += 1
            yield line

    def blocks(path: Path, start: int) -> Iterator[bytes]:
        for block in plain_blocks(path, start):
            done["bytes"] += len(block)
            yield block

    monkeypatch.setattr(lines._Lines, "__iter__", counted)
    monkeypatch.setattr(encoding, "_blocks", blocks)
    return done


MUCH = 6_000_000
FILES = {
    "empty lines": b"\n" * MUCH,
    "empty lines under the header": HEADER + b"\n" * MUCH,
    "empty lines under a row": HEADER + ROW + b"\r\n" * (MUCH // 2),
    "an open quote": HEADER + b'"' + b"\n" * MUCH,
    "quotes full of lines": HEADER + (b'"' + b"\n" * 100_000 + b'",') * 60,
    "one long line": b"a," * (MUCH // 2),
    "many rows": HEADER + ROW * (MUCH // len(ROW)),
    "wide": codecs.BOM_UTF16_LE + "\n".encode("utf-16-le") * (MUCH // 2),
}


@pytest.mark.parametrize("kind", FILES)
def test_an_upload_is_looked_at_only_so_far(tmp_path: Path, work: dict[str, int], kind: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(FILES[kind])
    with contextlib.suppress(UnreadableFile):
        inspect(path)
    assert work["lines"] <= PASSES * (LINES_LOOKED_AT + 1)
    assert work["bytes"] <= 2 * (LOOKED_AT + encoding.BLOCK)  # as UTF-8, then as what it is instead


@pytest.mark.parametrize("kind", ["empty lines", "empty lines under the header", "an open quote"])
def test_a_file_without_rows_near_its_beginning_says_what_to_do(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(FILES[kind])
    with pytest.raises(UnreadableFile, match=r"No header with a row under it is near the beginning .*Take away"):
        inspect(path)


def test_rows_beyond_what_was_looked_at_are_all_imported(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    rows = 2 * BYTES_LOOKED_AT // len(ROW)
    path.write_bytes(HEADER + ROW + b"\n" * LINES_LOOKED_AT + ROW * (rows - 1))
    found = inspect(path)
    assert len(found.sample) == 1
    assert count_rows(path, settled(path, found)) == rows


def test_a_letter_beyond_what_was_looked_at_settles_the_encoding_in_the_job(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    plain = HEADER + ROW * (LOOKED_AT // len(ROW) + 1)
    path.write_bytes(plain + "Zoë,+12025550108\n".encode("cp1252"))
    found = inspect(path)
    assert (found.encoding, found.encoding_note) == ("utf-8", None)
    assert (settled(path, found).encoding, settled(path, found).encoding_note) == ("cp1252", encoding.GUESS)
    path.write_bytes(plain + b"Zo\x00,+12025550108\n")
    with pytest.raises(UnreadableFile, match=r"NUL character.*line \d+"):
        settled(path, inspect(path))


def test_a_list_whose_contacts_all_name_other_fields_is_refused_before_it_is_written() -> None:
    contacts = [ListedContact(phone="1", attributes={f"key_{number}": "x"}) for number in range(2_000)]
    with pytest.raises(Invalid, match=r"2,000 contacts with 2,0\d\d different fields are too many"):
        service.receive_list(contacts, by=NOBODY)

"""Finds the encoding of a file from its bytes, never from its name.

In this order: byte-order mark; UTF-16 by the pattern of its NUL bytes; strict UTF-8; Windows-1252,
reported as a guess. A file that is UTF-8 except for a broken spot is refused rather than read as something else,
because every accented name in it would be stored wrong.
"""

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, UnreadableFile

BLOCK = 1 << 18
OTHER_ENCODINGS = (
    "utf-8", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1253", "cp1254", "cp1255", "cp1256",
    "cp1257", "cp1258", "iso8859-1", "iso8859-2", "iso8859-15", "koi8-r", "mac-roman", "shift_jis", "gb18030",
    "big5", "euc-kr",
)  # fmt: skip
GUESS = (
    "The file does not say how its letters are written; it was read as Western European (Windows-1252), "
    "which is a guess. Look at names with accents in the preview; if wrong, save the file as CSV UTF-8."
)
_MARKS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_OTHER_KINDS = (
    (b"%PDF", "a PDF"),
    (b"\x1f\x8b", "a compressed file"),
    (b"{\\rtf", "a text document (RTF)"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xfe\x00\x00", "text in UTF-32"),
)
_MARKUP = re.compile(rb"\s*<(?:!doctype|html|table|\?xml|head|body)\b", re.IGNORECASE)


class Encoding(NamedTuple):
    """A codec's name, the length of the byte-order mark in bytes, and a note if it is a guess."""

    name: str
    mark: int
    note: str | None


class _BrokenError(Exception):
    """Offset of the first byte that cannot be decoded, and whether more than ASCII was read before it."""

    def __init__(self, offset: int, after_good: bool) -> None:
        super().__init__(offset)
        self.offset = offset
        self.after_good = after_good


def detect_encoding(path: Path, chosen: str | None = None, most: int | None = None) -> Encoding:
    """The encoding of the file, which is read once as a whole, or up to `most` bytes. `chosen` is a person's choice; no
    other is tried.

    Raises UnreadableFile for content that is not text, for NUL characters and for text that fits no encoding.
    """
    with path.open("rb") as stream:
        head = stream.read(BLOCK)
    _refuse_other_kinds(head)
    if chosen is not None:
        return _as_chosen(path, head, chosen, most)
    for mark, name in _MARKS:
        if head.startswith(mark):
            return _checked(path, Encoding(name, len(mark), None), most)
    return _without_mark(path, head, most)


def _refuse_other_kinds(head: bytes) -> None:
    for magic, kind in _OTHER_KINDS:
        if head.startswith(magic):
            raise UnreadableFile(
                f"This is {kind}, neither a CSV file nor a workbook.", "start of the file", SAVE_AS_CSV
            )
    if _MARKUP.match(head.removeprefix(codecs.BOM_UTF8)):
        raise UnreadableFile(
            "This is a web page or XML, whatever its name says; neither a CSV file nor a workbook.",
            "start of the file",
            SAVE_AS_CSV,
        )


def _as_chosen(path: Path, head: bytes, chosen: str, most: int | None) -> Encoding:
    name = chosen.strip().lower()
    if name not in OTHER_ENCODINGS:
        raise UnreadableFile(
            f"The encoding {chosen!r} is not known.",
            "encoding",
            f"Choose one of: {', '.join(OTHER_ENCODINGS)}.",
        )
    mark = next((len(mark) for mark, codec in _MARKS if codec == name and head.startswith(mark)), 0)
    return _checked(path, Encoding(name, mark, None), most)


def _without_mark(path: Path, head: bytes, most: int | None) -> Encoding:
    wide = _wide_name(head)
    if wide is not None:
        return _checked(path, Encoding(wide, 0, None), most)
    try:
        _decode_all(path, Encoding("utf-8", 0, None), most)
    except _BrokenError as broken:
        if broken.after_good:
            raise _undecodable("UTF-8", path, broken.offset) from broken
        return _checked(path, Encoding("cp1252", 0, GUESS), most)
    return Encoding("utf-8", 0, None)


def _wide_name(head: bytes) -> str | None:
    """UTF-16 without a mark: in mostly Western text, nearly every second byte is NUL."""
    if b"\0" not in head:
        return None
    half = max(1, len(head) // 2)
    even, odd = head[0::2].count(0) / half, head[1::2].count(0) / half
    if odd > 0.3 and even < 0.05:
        return "utf-16-le"
    if even > 0.3 and odd < 0.05:
        return "utf-16-be"
    return None


def _checked(path: Path, encoding: Encoding, most: int | None) -> Encoding:
    try:
        _decode_all(path, encoding, most)
    except _BrokenError as broken:
        raise _undecodable(encoding.name.upper(), path, broken.offset) from broken
    return encoding


def _decode_all(path: Path, encoding: Encoding, most: int | None) -> None:
    """Decode the file in blocks, up to `most` bytes. Raises _BrokenError with the offset of the byte in the file."""
    decoder = codecs.getincrementaldecoder(encoding.name)("strict")
    at, saw_other_than_ascii = encoding.mark, False
    for block in _blocks(path, encoding.mark):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block, final=not block)
        except UnicodeDecodeError as error:
            after_good = saw_other_than_ascii or not error.object[: error.start].isascii()
            raise _BrokenError(max(0, at - pending + error.start), after_good) from error
        if "\0" in text:
            raise _nul(path, encoding)
        saw_other_than_ascii = saw_other_than_ascii or not text.isascii()
        at += len(block)
        if most is not None and at >= most:
            return


def _blocks(path: Path, start: int) -> Iterator[bytes]:
    """The file's bytes, then an empty block that tells the decoder that the file ends."""
    with path.open("rb") as stream:
        stream.seek(start)
        while block := stream.read(BLOCK):
            yield block
    yield b""


def _line_of(path: Path, offset: int) -> int:
    """The 1-based line of a byte. Only errors need it, so a second pass over the file does not matter."""
    line, left = 1, offset
    for block in _blocks(path, 0):
        piece = block[:left]
        line += piece.count(b"\n") or piece.count(b"\r")
        left -= len(piece)
        if left <= 0:
            break
    return line


def _undecodable(name: str, path: Path, offset: int) -> UnreadableFile:
    return UnreadableFile(
        f"A character in this file is broken: it is not {name}, though the file seems to be.",
        f"line {_line_of(path, offset)}, byte {offset + 1}",
        f"Mend or retype that line. {SAVE_AS_CSV}",
    )


def _nul(path: Path, encoding: Encoding) -> UnreadableFile:
    """The error for a NUL character: text has none, and databases refuse it."""
    needle = "\0".encode(encoding.name)
    start, width = encoding.mark, len(needle)
    for block in _blocks(path, encoding.mark):
        at = block.find(needle)
        while at % width and at >= 0:  # in UTF-16 a NUL begins at an even offset
            at = block.find(needle, at + 1)
        if at >= 0:
            start += at
            break
        start += len(block)
    return UnreadableFile(
        "The file holds a NUL character, which text never does; it may be damaged or no text file at all.",
        f"line {_line_of(path, start)}, byte {start + 1}",
        SAVE_AS_CSV,
    )

"""Cells of a spreadsheet as text: what a person reads in them, but never a digit that the file does not hold."""

import re
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

# Stands for a line break within a cell, so that every row of the sheet is one line of the CSV file.
LINE_BREAK = "\u2028"
# From here on a float has gaps between whole numbers: its last digits would be made up. Excel keeps 15 digits.
_EXACT = 2**53
_SEVERAL_LINES = re.compile(r"[\n\r\0]")

Cell = int | float | str | bool | datetime | date | time | timedelta


def row_of(cells: Sequence[Cell], left: int) -> list[str]:
    """The row as text, with `left` empty cells before it and without the empty cells at its end."""
    # A million rows go through here, and most of their cells are one line of text.
    texts = [cell if cell.__class__ is str else text_of(cell) for cell in cells]
    if _SEVERAL_LINES.search("".join(texts)):
        texts = [_one_line(text) for text in texts]
    while texts and not texts[-1]:
        texts.pop()
    return [""] * left + texts if texts else []


def text_of(cell: Cell) -> str:
    """One cell as text. Numbers too large to be exact stay in scientific notation, and are refused for it."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < _EXACT else repr(cell)
    if isinstance(cell, datetime):
        return cell.isoformat(" ", "seconds")
    if isinstance(cell, timedelta):
        return _duration(cell)
    return str(cell) if isinstance(cell, int) else cell.isoformat()


def _one_line(text: str) -> str:
    return text.replace("\0", "").replace("\r\n", LINE_BREAK).replace("\n", LINE_BREAK).replace("\r", LINE_BREAK)


def _duration(length: timedelta) -> str:
    seconds = round(length.total_seconds())
    minutes, second = divmod(abs(seconds), 60)
    return f"{'-' if seconds < 0 else ''}{minutes // 60}:{minutes % 60:02}:{second:02}"

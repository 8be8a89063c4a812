"""The program that reads one workbook, in a process of its own: `python -m adsapp.contacts.imports.sheets.child JSON`.

It prints one line of JSON: what it found, or why the file cannot be read. A parser that takes too much memory or time
ends this process and no other. It imports neither the web application nor the database, to start quickly.
"""

import contextlib
import csv
import json
import os
import resource
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, UnreadableFile
from adsapp.contacts.imports.sheets import cells, excerpt, guard, kinds, limits


@dataclass(frozen=True)
class Task:
    """What to do: write the `sheet` of the workbook at `path` to `out`, only its first rows if `look`. The sheet is
    given by its name or a number from 1; without it, the first visible one that is filled is taken."""

    path: str
    out: str
    kind: str
    sheet: str | None
    look: bool
    memory: int
    seconds: int


@dataclass(frozen=True)
class Sheet:
    """A sheet of the workbook."""

    name: str
    is_hidden: bool


def main() -> None:
    """Do the task of the command line."""
    task = Task(**json.loads(sys.argv[1]))
    _limit(task)
    print(json.dumps(answer(task)))  # noqa: T201 # the parent reads it


def _limit(task: Task) -> None:
    """What is too much ends this process, and it is the first to go if the machine runs out of memory."""
    resource.setrlimit(resource.RLIMIT_AS, (task.memory, task.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (task.seconds, task.seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000")


def answer(task: Task) -> dict[str, Any]:
    """What was found, or `error` with message, place and advice."""
    try:
        return _found(task)
    except UnreadableFile as error:
        return {"error": [error.message, error.place, error.advice]}
    except MemoryError:
        return {"memory": True}
    except OSError as error:
        return {"os": [error.errno, error.strerror]}


def _found(task: Task) -> dict[str, Any]:
    # The parser goes by the ending, and without one says of any error only that it does not know the format.
    named = Path(f"{task.out}.{task.kind}")
    measured = _guarded(task, named)
    with _workbook(named) as workbook:
        names = [each for each in workbook.sheets_metadata if each.typ is SheetTypeEnum.WorkSheet]
        sheets = [Sheet(each.name, each.visible is not SheetVisibleEnum.Visible) for each in names]
        _refuse_sheets(sheets)
        chosen, rows = _write(workbook, sheets, task)
    return {
        "sheets": [asdict(each) for each in sheets],
        "chosen": chosen,
        "rows": rows,
        "findings": asdict(measured.get(sheets[chosen].name, guard.Findings())),
    }


def _guarded(task: Task, named: Path) -> dict[str, guard.Findings]:
    """Put the workbook at `named`, or its first rows, once it is known to be no bomb; what was found in its sheets."""
    named.unlink(missing_ok=True)
    path = Path(task.path)
    if task.kind == kinds.Kind.XLS:  # which spans 65,536 rows of 256 columns at most
        named.symlink_to(path)
        return {}
    with kinds.opened(path) as archive:
        is_excel = task.kind == kinds.Kind.XLSX
        guard.refuse_large(archive, limits.UNPACKED_BYTES if is_excel else limits.ODS_BYTES)
        if is_excel and task.look and excerpt.is_needed(archive):
            return guard.by_sheet(archive, excerpt.write(archive, named))
        found = guard.by_sheet(archive, guard.measure(archive))
        named.symlink_to(path)
        return found


@contextlib.contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    try:
        with CalamineWorkbook.from_path(path) as workbook:
            yield workbook
    except PasswordError as error:
        raise kinds.protected() from error
    except (CalamineError, zipfile.BadZipFile, ValueError) as error:
        raise _unread(str(error)) from error


def _unread(reason: str) -> UnreadableFile:
    if "limit exceeded" not in reason.lower():
        return kinds.damaged(reason)
    return UnreadableFile(
        f"The sheet spans more cells than can be read ({reason}).",
        "the sheet",
        f"Clear what stands far from the list, or split it. {SAVE_AS_CSV}",
    )


def _refuse_sheets(sheets: list[Sheet]) -> None:
    if not sheets or len(sheets) > limits.SHEETS:
        raise UnreadableFile(
            f"The workbook has {len(sheets):,} sheets; one to {limits.SHEETS} can be read.",
            "the whole file",
            "Copy the list into a new workbook, and upload that one.",
        )


def _candidates(sheets: list[Sheet], wanted: str | None) -> list[int]:
    """The indexes of the sheets to try."""
    if wanted is None:
        return [index for index, each in enumerate(sheets) if not each.is_hidden]
    names = [each.name for each in sheets]
    if wanted in names:
        return [names.index(wanted)]
    if wanted.isdecimal() and 0 < int(wanted[:4]) <= len(names):
        return [int(wanted) - 1]
    raise UnreadableFile(
        f"The workbook has no sheet {wanted!r}.", "the workbook", f"Choose one of: {', '.join(names)[:500]}."
    )


def _write(workbook: CalamineWorkbook, sheets: list[Sheet], task: Task) -> tuple[int, int]:
    """Write the wanted sheet; its index and its number of rows."""
    candidates = _candidates(sheets, task.sheet)
    with Path(task.out).open("w", encoding="utf-8", newline="") as out:
        for index in candidates:
            rows = _write_sheet(workbook, sheets[index].name, out, limits.LOOK_ROWS if task.look else None)
            if rows:
                return index, rows
    if task.sheet is not None:
        name = sheets[candidates[0]].name
        raise UnreadableFile(f"The sheet “{name}” is empty.", "the workbook", "Choose another sheet.")
    raise UnreadableFile(
        "No visible sheet of the workbook has anything in it.",
        "the workbook",
        "Fill a sheet, or show the hidden one that holds the list, and upload the file again.",
    )


def _write_sheet(workbook: CalamineWorkbook, name: str, out: IO[str], most: int | None) -> int:
    """Write one line for each row of the sheet, blank ones included, so that a line has its row's number."""
    sheet = workbook.get_sheet_by_name(name)
    if sheet.start is None:
        return 0
    (above, left), number = sheet.start, 0
    writer = csv.writer(out, lineterminator="\n")
    for number, row in enumerate(islice(sheet.iter_rows(), most and above + most), 1):
        writer.writerow(cells.row_of(row, left))
        if not number % 1_000 and out.tell() > limits.WRITTEN_BYTES:
            raise UnreadableFile(
                f"The sheet holds more than {limits.WRITTEN_BYTES // limits.MB:,} MB of text.",
                f"row {number:,}",
                f"Shorten it, or split it. {SAVE_AS_CSV}",
            )
    return number


if __name__ == "__main__":
    main()
    sys.stdout.flush()
    os._exit(0)  # the memory of a large sheet is given back at once, not cell by cell

"""Runs the program that reads a workbook, and says in a sentence what came of it."""

import json
import secrets
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.contacts.imports.reading.errors import SAVE_AS_CSV, UnreadableFile
from adsapp.contacts.imports.sheets import limits
from adsapp.contacts.imports.sheets.guard import Findings
from adsapp.contacts.imports.sheets.kinds import Kind

COMMAND = (sys.executable, "-m", "adsapp.contacts.imports.sheets.child")
_HOME = Path(__file__).parents[4]  # from where it finds the same program as this process
_ROWS = ".rows.csv"
_LOOK = ".look.csv"


@dataclass(frozen=True, slots=True)
class SheetName:
    """A sheet of a workbook, and whether it is hidden."""

    name: str
    is_hidden: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What is in a workbook: its sheets, the index of the one that was read, and what people should know of it."""

    sheets: tuple[SheetName, ...]
    chosen: int
    findings: Findings


def rows_file(path: Path) -> Path:
    """The CSV file beside a workbook that has all rows of its sheet."""
    return path.with_name(path.name + _ROWS)


def look_file(path: Path) -> Path:
    """The CSV file beside a workbook that has the first rows of a sheet, while they are looked at."""
    return path.with_name(path.name + _LOOK)


def remove_beside(path: Path) -> None:
    """Delete everything that was made of a workbook, also by an attempt that was killed."""
    for file in path.parent.glob(f"{path.name}.*"):
        file.unlink(missing_ok=True)


def look(path: Path, kind: Kind, sheet: str | None = None) -> Found:
    """Write the first rows of a sheet to `look_file`; without `sheet`, of the first visible one that is filled.

    Raises UnreadableFile if the workbook or the sheet cannot be read.
    """
    return _read(path, look_file(path), kind, sheet, look=True)


def convert(path: Path, kind: Kind, sheet: str) -> None:
    """Write all rows of a sheet to `rows_file`, which is there as a whole or not at all."""
    _read(path, rows_file(path), kind, sheet, look=False)


def _read(path: Path, target: Path, kind: Kind, sheet: str | None, *, look: bool) -> Found:
    # Of a name of its own: a child outlives a worker that was killed, and may write while another attempt does.
    part = target.with_name(f"{target.name}.{secrets.token_hex(4)}")
    try:
        answer = _ask(_task(path, part, kind, sheet, look=look))
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)
        remove_beside(part)
    sheets = tuple(SheetName(**each) for each in answer["sheets"])
    return Found(sheets, answer["chosen"], Findings(**answer["findings"]))


def _task(path: Path, out: Path, kind: Kind, sheet: str | None, *, look: bool) -> dict[str, Any]:
    seconds = limits.LOOK_SECONDS if look else limits.CONVERT_SECONDS
    return {
        "path": str(path.resolve()),
        "out": str(out.resolve()),
        "kind": kind.value,
        "sheet": sheet,
        "look": look,
        "memory": limits.MEMORY_BYTES,
        "seconds": seconds,
    }


def _ask(task: dict[str, Any]) -> dict[str, Any]:
    """The child's answer. Raises UnreadableFile for what it says, and if it was ended; OSError if the disk is full."""
    answer = _run(task)
    if "memory" in answer:
        raise _too_much()
    if "os" in answer:
        raise OSError(*answer["os"])
    if "error" in answer:
        raise UnreadableFile(*answer["error"])
    return answer


def _run(task: dict[str, Any]) -> dict[str, Any]:
    try:
        ended = subprocess.run(
            [*COMMAND, json.dumps(task)],
            cwd=_HOME,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=task["seconds"],
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise _too_slow(task["seconds"]) from error
    if ended.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise _too_slow(task["seconds"])
    if ended.returncode != 0:
        raise _too_much()
    answer: dict[str, Any] = json.loads(ended.stdout)
    return answer


def _too_slow(seconds: int) -> UnreadableFile:
    return UnreadableFile(
        f"Reading the workbook took longer than {seconds} seconds and was stopped.",
        "the whole file",
        f"Split the list, or take away sheets that you do not need. {SAVE_AS_CSV}",
    )


def _too_much() -> UnreadableFile:
    return UnreadableFile(
        "The workbook cannot be read: it is damaged, or it takes more memory than a list of contacts does.",
        "the whole file",
        f"Copy the list into a new workbook. {SAVE_AS_CSV}",
    )

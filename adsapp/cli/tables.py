"""Tables and spans of time for a terminal."""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from adsapp.cli.errors import typed
from adsapp.core.ids import parse_id
from adsapp.core.web.templating import format_duration

GAP = "  "


class JobId(click.ParamType[uuid.UUID]):
    """A job's id on the command line."""

    name = "job id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> uuid.UUID:
        """The id; a usage error that says where to find one."""
        found = value if isinstance(value, uuid.UUID) else parse_id(value)
        return found or self.fail(f"{value!r} is no job id; `{typed('jobs list')}` shows them", param, ctx)


JOB_ID = JobId()


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Columns as wide as they need; a column of figures is aligned right, the last one is not padded."""
    cells = [list(head), *([_cell(value) for value in row] for row in rows)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(head))]
    right = [bool(rows) and all(isinstance(row[column], int) for row in rows) for column in range(len(head))]
    return "\n".join(
        GAP.join(
            cell.rjust(width) if is_right else cell.ljust(width)
            for cell, width, is_right in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in cells
    )


def first_line(text: str | None, width: int) -> str:
    """The first line, at most `width` characters long; … stands for what is left out, – for nothing."""
    lines = (text or "").strip().splitlines()
    if not lines:
        return "–"
    return lines[0] if len(lines) == 1 and len(lines[0]) <= width else f"{lines[0][: width - 1].rstrip()}…"


def minute(moment: datetime | None) -> str:
    """2026-03-28 09:00 UTC, to the minute; – for none."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else "–"


def since(moment: datetime | None, now: datetime) -> str:
    """How long ago; – for none."""
    return format_duration((now - moment).total_seconds()) if moment else "–"


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,}" if isinstance(value, int) else "–" if value is None else str(value)

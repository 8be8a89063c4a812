"""The help of every command can be read whole on a terminal of 80 columns."""

from collections.abc import Iterator

import click
import pytest

from adsapp.cli import adsapp

COLUMNS = 80


def groups(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """The path of every group of commands, the first one's being empty."""
    yield path
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from groups(command, (*path, name))


@pytest.mark.parametrize("path", list(groups(adsapp)), ids=" ".join)
def test_no_description_is_cut(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    adsapp([*path, "--help"], standalone_mode=False, terminal_width=COLUMNS)
    lines = capsys.readouterr().out.splitlines()
    for line in lines[lines.index("Commands:") :]:
        assert not line.endswith("..."), line
        assert len(line) <= COLUMNS, line

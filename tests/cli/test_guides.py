"""Every command that a document names can be given as it stands there: it exists, and takes what it is given."""

import re
import shlex
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import click
import pytest

from adsapp.cli import adsapp
from adsapp.config import ROOT, Settings

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
CODE = re.compile(r"`([^`\n]+)`|^((?:\./run|adsapp|docker compose)[^\n]*)$", re.MULTILINE)
BEGINS = re.compile(r"^(?:\./run|adsapp|docker compose .* run --rm web) ")
OURS = {"test", "check", "bench"}  # what ./run does itself
PLACES = {"COMMAND", "…", "--help"}  # where a document speaks of all commands at once


def commands(document: Path) -> Iterator[str]:
    """What a document tells a reader to enter, each choice (`list|run`) of its own."""
    for inline, line in CODE.findall(document.read_text(encoding="utf-8")):
        command = (inline or line.partition("   #")[0]).strip()
        if BEGINS.match(command):
            choices = [word.split("|") for word in shlex.split(BEGINS.sub("", command), comments=True)]
            yield from map(shlex.join, product(*choices))


NAMED = sorted({(document.relative_to(ROOT).as_posix(), each) for document in DOCUMENTS for each in commands(document)})


@pytest.mark.parametrize(("document", "entered"), NAMED, ids=lambda value: value)
def test_what_a_document_says_to_enter_is_a_command(document: str, entered: str) -> None:
    words = shlex.split(entered)
    if words[0] in OURS:
        assert_ours(words)
    elif words[0] not in PLACES:
        assert_command(adsapp, words)


def assert_command(command: click.Command, words: list[str]) -> None:
    """It is one of ours, down to its options and how many arguments it takes."""
    context = click.Context(command)
    while isinstance(command, click.Group):
        assert words, f"{command.name} wants the name of a command"
        name, *words = words
        if name in PLACES:
            return
        found = command.get_command(context, name)
        assert found is not None, f"there is no command {name}"
        command, context = found, click.Context(found, parent=context, info_name=name)
    given = [word for word in words if word != "…"]
    _, left, _ = command.make_parser(context).parse_args(given)  # an option that it lacks is an error
    assert left == [], f"{command.name} takes no {left}"


def assert_ours(words: list[str]) -> None:
    """`bench` and the name of one, with options that its source has; `test` takes what pytest takes."""
    if words[0] != "bench" or len(words) == 1:
        return
    source = ROOT / "bench" / f"{words[1]}.py"
    assert source.is_file(), f"there is no {source.name}"
    text = source.read_text(encoding="utf-8")
    assert [word for word in words[2:] if word.startswith("--") and f'"{word}"' not in text] == []


def test_a_command_or_an_option_that_is_gone_would_be_seen() -> None:
    for wrong in (["doctr"], ["user", "lst"]):
        with pytest.raises(AssertionError, match="there is no command"):
            assert_command(adsapp, wrong)
    with pytest.raises(click.NoSuchOption):
        assert_command(adsapp, ["doctor", "--off-line"])
    with pytest.raises(AssertionError, match="takes no"):
        assert_command(adsapp, ["doctor", "now"])


SETTING = re.compile(r"`([A-Z][A-Z0-9]*(?:_[A-Z0-9…]+)+)(?:=[^`]*)?`")
# Of libraries, of families of settings, and those that one command alone reads.
OTHERS = re.compile("OTEL_|SENTRY_|ADSAPP_|WORKERS_|TEST_|DATABASE_BACKUP_URL|RESEND_API_KEY")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_every_setting_that_a_document_names_is_one(document: Path) -> None:
    named = {name for name in SETTING.findall(document.read_text(encoding="utf-8")) if not OTHERS.match(name)}
    assert sorted(name for name in named if name.lower() not in Settings.model_fields) == []

"""Every page is a frozen object: what its templates read is there, and its version knows all of it."""

import ast
import dataclasses
import os
import re
import subprocess
import sys
import types
import typing
from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import pytest
from flask import Flask

from adsapp import create_app
from adsapp.config import ROOT, Settings
from adsapp.core.clock import utcnow
from adsapp.core.web.pages import LivePage, WebPage, version_of

TEMPLATES = ROOT / "templates"
COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
READ = re.compile(r"\bpage\.(\w+)")
INCLUDED = re.compile(r'\{%-?\s*include\s+"([^"]+)"(\s*~)?')
PLAIN = (str, int, float, bool, datetime, UUID, type(None))


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application: once it is made, every page is known."""
    return create_app(Settings(home=tmp_path_factory.mktemp("home"), log_level="ERROR"))


def pages(kind: type[WebPage] = WebPage) -> Iterator[type[WebPage]]:
    """All page classes of ours."""
    for each in kind.__subclasses__():
        yield from pages(each)
        is_current = getattr(sys.modules[each.__module__], each.__name__, None) is each  # slots make a class anew
        if is_current and dataclasses.is_dataclass(each) and each.__module__.startswith("adsapp."):
            yield each


def roots(page: type[WebPage]) -> set[str]:
    """The templates that a page is drawn with."""
    return {page.template, getattr(page, "fragment", page.template)}


def reached(template: str, others: set[str]) -> set[str]:
    """The template and all that it includes, but those of another page."""
    found = {template}
    for name, is_open in INCLUDED.findall(source(template)):
        for each in (
            [path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob(f"{name}*")] if is_open else [name]
        ):
            found |= set() if each in others else reached(each, others)
    return found


def source(template: str) -> str:
    return COMMENT.sub("", (TEMPLATES / template).read_text(encoding="utf-8"))


def test_templates_read_only_what_their_page_has(program: Flask) -> None:
    known = list(pages())
    assert len(known) > 20
    used: set[str] = set()
    for page in known:
        others = set().union(*(roots(each) for each in known if each is not page))
        for template in set().union(*(reached(root, others - roots(page)) for root in roots(page))):
            used.add(template)
            missing = {name for name in READ.findall(source(template)) if not hasattr(page, name)}
            assert missing == set(), f"{template} reads what {page.__name__} does not have"
    reading = {path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html")}
    assert {name for name in reading if READ.search(source(name))} <= used


def test_what_a_version_is_made_of_says_the_same_in_every_process(program: Flask) -> None:
    live = [page for page in pages() if issubclass(page, LivePage)]
    assert len(live) > 8
    for page in live:
        hints = typing.get_type_hints(page)
        for field in dataclasses.fields(page):  # type: ignore[arg-type]
            if field.compare:
                assert not strangers(hints[field.name]), f"{page.__name__}.{field.name}: {hints[field.name]}"
        assert not next(each for each in dataclasses.fields(page) if each.name == "as_of").compare  # type: ignore[arg-type]


def strangers(kind: Any, seen: frozenset[Any] = frozenset()) -> set[Any]:
    """Of the types in it those whose text may differ though they are equal: rows of the database, sets, anything."""
    if kind in seen or kind in PLAIN or kind is Ellipsis:
        return set()
    parts = typing.get_args(kind)
    if typing.get_origin(kind) is not None:
        is_ordered = isinstance(kind, types.UnionType) or not issubclass(typing.get_origin(kind), frozenset | set)
        return set().union(*(strangers(part, seen) for part in parts)) if is_ordered else {kind}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return set()
    if dataclasses.is_dataclass(kind) or hasattr(kind, "_fields"):
        hints = typing.get_type_hints(kind)
        names = kind._fields if hasattr(kind, "_fields") else [each.name for each in dataclasses.fields(kind)]
        return set().union(*(strangers(hints[name], seen | {kind}) for name in names))
    return {kind}


class Row(NamedTuple):
    """A line of the page below."""

    name: str
    at: datetime


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Sample(LivePage):
    """A page of every kind of field."""

    template: ClassVar[str] = ""
    as_of: datetime = dataclasses.field(compare=False)
    rows: tuple[Row, ...] = (Row("Ann", datetime(2026, 3, 28)),)
    counts: dict[str, int] = dataclasses.field(default_factory=lambda: {"failed": 1})
    rate: float | None = 0.5


def test_a_version_changes_with_all_that_is_shown_and_not_with_the_clock() -> None:
    first = Sample(as_of=utcnow())
    assert first.version == dataclasses.replace(first, as_of=utcnow()).version
    others = (
        dataclasses.replace(first, rows=(Row("Bob", first.rows[0].at),)),
        dataclasses.replace(first, rows=first.rows * 2),
        dataclasses.replace(first, counts={"failed": 2}),
        dataclasses.replace(first, rate=None),
    )
    assert len({first.version, *(each.version for each in others)}) == 5


def test_another_process_finds_the_same_version() -> None:
    code = "from tests.front.test_pages import Sample, utcnow; print(Sample(as_of=utcnow()).version)"
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed}
        command = [sys.executable, "-c", code]
        found = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
        assert found.stdout.strip() == version_of(Sample(as_of=utcnow()))


def confirmations() -> set[str]:
    """How the names of our confirmations begin, from the source."""
    found = set()
    for path in (ROOT / "adsapp").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Confirmation":
                found |= {_beginning(each.value) for each in node.keywords if each.arg == "name"}
    return found


def _beginning(value: ast.expr) -> str:
    first = value.values[0] if isinstance(value, ast.JoinedStr) else value
    return str(first.value) if isinstance(first, ast.Constant) else ""

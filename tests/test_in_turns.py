"""Of two twins one runs, and no function of ours is left to one database."""

import ast
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType, SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import create_engine, event, text

from adsapp.config import ROOT
from tests.asked_on_both import BY_ITSELF, OF_ONE, PLUMBING, Record
from tests.in_turns import keep_one_shape

PLANTED = "/planted/"  # ours, of the records made here: the run's own record hears them, too
SQLITE, POSTGRESQL = (SimpleNamespace(dialect=SimpleNamespace(name=name)) for name in ("sqlite", "postgresql"))


def planted(name: str, file: str = PLANTED + "planted.py") -> Callable[..., Any]:
    """A function of ours that calls what it is given."""

    def calls(what: Callable[..., Any], *given: Any) -> Any:
        return what(*given)

    return FunctionType(calls.__code__.replace(co_filename=file, co_name=name, co_qualname=name), {})


@dataclass(eq=False)
class Item:
    """Of a test what its turn is decided by."""

    nodeid: str
    shape: str
    function: Callable[..., None]
    marker: str

    @property
    def callspec(self) -> SimpleNamespace:
        return SimpleNamespace(params={"shape": self.shape})

    def get_closest_marker(self, name: str) -> bool:
        return name == self.marker


def twins(name: str, function: Callable[..., None] = lambda app: None, marker: str = "") -> list[Any]:
    return [Item(f"{name}[{shape}]", shape, function, marker) for shape in ("embedded", "distributed")]


@pytest.fixture
def record() -> Record:
    return Record(PLANTED)


def test_whoever_asks_one_database_alone_is_named(record: Record) -> None:
    planted("ask")(record.note, POSTGRESQL, None, "select 1")
    planted("ask_both")(record.note, POSTGRESQL, None, "select 1")
    planted("ask_both")(record.note, SQLITE, None, "select 1")
    assert record.by_one() == {"sqlite": [], "postgresql": ["/planted/planted.py:ask"], "both": []}


def test_what_another_process_has_asked_counts(record: Record) -> None:
    planted("ask")(record.note, POSTGRESQL, None, "select 1")
    record.hear({"sqlite": ["/planted/planted.py:ask"]})
    record.hear({})
    assert not any(record.by_one().values())


@pytest.mark.parametrize("between", [planted(name, PLUMBING + "x.py") for name in sorted(BY_ITSELF)])
def test_what_nobody_of_ours_has_written_does_not_count(record: Record, between: Callable[..., Any]) -> None:
    planted("ask")(between, record.note, SQLITE, None, "select 1")
    planted("ask")(record.note, SQLITE, None, "BEGIN")
    assert record.told() == {}


def test_plumbing_asks_for_whoever_called_it(record: Record) -> None:
    planted("ask")(planted("pipe", PLUMBING + "x.py"), record.note, SQLITE, None, "select 1")
    assert record.told() == {"sqlite": ["/planted/planted.py:ask"]}


def test_what_a_test_does_when_it_is_called_back_does_not_count(record: Record) -> None:
    planted("ask")(lambda: record.note(SQLITE, None, "select 1"))
    assert record.told() == {}


def test_an_exception_that_is_none_is_named(record: Record) -> None:
    name = next(iter(OF_ONE))
    record.hear({"sqlite": [name], "postgresql": [name]})
    assert record.by_one() == {"sqlite": [], "postgresql": [], "both": [name]}


def test_a_real_statement_is_noted(record: Record) -> None:
    engine = create_engine("sqlite://")
    event.listen(engine, "before_cursor_execute", record.note)

    with engine.connect() as connection:
        planted("look")(connection.execute, text("select 1"))
    assert record.told() == {"sqlite": ["/planted/planted.py:look"]}


def test_exceptions_are_functions_that_there_are() -> None:
    for name in OF_ONE:
        file, _, function = name.partition(":")
        tree = ast.parse((ROOT / "adsapp" / file).read_text(encoding="utf-8"))
        assert function.split(".")[-1] in {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.fixture
def many() -> list[Any]:
    return [item for number in range(40) for item in twins(f"tests/x/test_y.py::test_{number}")]


def test_of_two_twins_one_runs_and_always_the_same(many: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ADSAPP_EVERY_SHAPE", raising=False)
    kept, left = keep_one_shape(many)
    assert len(kept) == len(left) == 40
    assert {item.nodeid.partition("[")[0] for item in kept} == {item.nodeid.partition("[")[0] for item in left}
    assert 10 < sum("embedded" in item.nodeid for item in kept) < 30
    assert keep_one_shape(many)[0] == kept


def test_both_run_if_both_are_asked_for(many: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    asked = [
        *twins("tests/jobs/engine/test_y.py::test_it"),
        *twins("tests/x/test_y.py::test_marked", marker="both"),
        *twins("tests/x/test_y.py::test_of_shape", function=lambda app, shape: None),
    ]
    assert keep_one_shape(asked) == (asked, [])
    monkeypatch.setenv("ADSAPP_EVERY_SHAPE", "1")
    assert keep_one_shape(many) == (many, [])


def test_what_is_marked_for_both_is_not_kept_to_one() -> None:
    for file in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            marks = [ast.unparse(mark) for mark in getattr(node, "decorator_list", ())]
            if "pytest.mark.both" in marks:
                assert not any(mark.startswith("pytest.mark.parametrize('shape'") for mark in marks), f"{file}: {marks}"

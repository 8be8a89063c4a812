"""What others rely on stays as it is: URLs, JSON fields, processors, commands, settings, stored values, tables.

The files beside this one were written by commit 7bed6ce. To move or rename a module changes none of them. A deliberate
change edits the file by hand, or writes it again, so that the review shows it:

    ADSAPP_WRITE_CONTRACTS=1 .venv/bin/python -m pytest -n 0 tests/contracts/test_contracts.py
"""

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine

from adsapp import create_app
from adsapp.config import Settings
from tests.contracts import contract
from tests.contracts.answers import CALLS, ask_everything
from tests.contracts.conftest import Open

HERE = Path(__file__).parent


def compare(name: str, lines: list[str]) -> None:
    """The lines are those of the file, which is written first if the environment asks for it."""
    if os.environ.get("ADSAPP_WRITE_CONTRACTS"):
        (HERE / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == kept(name), f"{name} tells of another program"


def kept(name: str) -> list[str]:
    """The lines of a file."""
    return (HERE / name).read_text(encoding="utf-8").splitlines()


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application; nothing here touches its database."""
    return create_app(Settings(home=tmp_path_factory.mktemp("home"), log_level="ERROR"))


@pytest.mark.parametrize("name", contract.CONTRACTS)
def test_what_others_rely_on_is_as_it_was(program: Flask, name: str) -> None:
    compare(f"{name}.txt", contract.CONTRACTS[name](program))


def test_migrations_make_the_tables_they_made(settings: Settings, shape: str) -> None:
    compare(f"schema-{shape}.sql", _schema(settings))


def test_an_older_database_gets_the_very_same_tables(older_program: Open, shape: str) -> None:
    older, _ = older_program
    assert _without_casts(_schema(older.settings)) == _without_casts(kept(f"schema-{shape}.sql"))


def _without_casts(lines: list[str]) -> list[str]:
    """PostgreSQL reads its own dump of the condition of an index with casts and brackets in other places."""
    return [re.sub(r"::[a-z ]+(\[\])?|[()]", "", line) if " INDEX " in line else line for line in lines]


def _schema(settings: Settings) -> list[str]:
    engine = create_engine(settings.sqlalchemy_url)
    try:
        with engine.connect() as connection:
            return contract.schema(connection)
    finally:
        engine.dispose()


def test_the_api_answers_with_the_fields_it_had(older_program: Open) -> None:
    older, app = older_program
    answers = ask_everything(app, older)
    compare("answers.json", json.dumps(answers, indent=1, ensure_ascii=False).splitlines())


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_address_that_people_gave_to_whatsapp_still_leads_here(program: Flask, method: str) -> None:
    address = "/webhooks/whatsapp/00000000-0000-0000-0000-000000000000"
    endpoint, _ = program.url_map.bind("localhost").match(address, method)
    assert endpoint.startswith("webhooks.")


def test_every_route_of_the_api_is_asked(program: Flask) -> None:
    adapter = program.url_map.bind("localhost")
    nil = "00000000-0000-0000-0000-000000000000"
    asked = set()
    for method, path, _ in CALLS:
        bare = path.partition("?")[0].replace("{", "").replace("}", "")
        parts = [nil if part in _named(path) else part for part in bare.split("/")]
        rule, _ = adapter.match("/".join(parts), method, return_rule=True)
        asked.add(f"{method} {rule.rule}")
    assert {line for line in contract.routes(program) if " /api/" in line} == asked


def _named(path: str) -> Iterator[str]:
    return (part[1:-1] for part in path.partition("?")[0].split("/") if part.startswith("{"))

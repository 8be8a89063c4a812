"""Nothing leaves before the commit, and nothing that was committed is forgotten."""

from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import text

from adsapp.core import db


@pytest.fixture
def sent(app: Flask) -> Iterator[list[str]]:
    """What the hooks did, inside an application context."""
    with app.app_context():
        yield []


def write() -> None:
    db.session.execute(text("select 1"), execution_options={"names_organization": True})


def test_a_plain_commit_runs_the_hook_once(sent: list[str]) -> None:
    write()
    db.after_commit(lambda: sent.append("a"))
    assert sent == []
    db.session.commit()
    assert sent == ["a"]
    db.session.commit()
    assert sent == ["a"]


def test_a_released_savepoint_waits_for_the_real_commit(sent: list[str]) -> None:
    with db.session.begin_nested():
        db.after_commit(lambda: sent.append("inner"))
    assert sent == []
    db.session.commit()
    assert sent == ["inner"]


def test_a_rolled_back_savepoint_takes_only_its_own_hooks_along(sent: list[str]) -> None:
    db.after_commit(lambda: sent.append("outer"))
    savepoint = db.session.begin_nested()
    db.after_commit(lambda: sent.append("inner"))
    savepoint.rollback()
    db.session.commit()
    assert sent == ["outer"]


def test_a_whole_rollback_runs_nothing(sent: list[str]) -> None:
    db.after_commit(lambda: sent.append("a"))
    with db.session.begin_nested():
        db.after_commit(lambda: sent.append("b"))
    db.session.rollback()
    db.session.commit()
    assert sent == []


def test_a_session_closed_without_commit_runs_nothing(sent: list[str]) -> None:
    db.after_commit(lambda: sent.append("a"))
    db.session.remove()
    db.session.commit()
    assert sent == []

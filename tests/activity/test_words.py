"""Everything that is noted has words, and everything that is named has a page."""

import re

import pytest
from flask import Flask
from sqlalchemy import text

from adsapp.activity.subjects import KEPT
from adsapp.activity.words import ACTIONS, KINDS
from adsapp.config import ROOT
from adsapp.core.db import db
from adsapp.jobs.bulk.target import BulkAction

NOTED = re.compile(r"""(?:\.(?:audit|note)\(\s*|\bby,\s+action=)f?"([^"]*)",?\s*(?:f?"(\w+):)?""")

CHOSEN = re.compile(r"\baction = .*")  # one of several, by what is the case
TEXT = re.compile(r'"([^"]+)"')


def test_every_action_in_the_program_has_words_and_its_subject_is_a_kind() -> None:
    actions, kinds = set[str](), set[str]()
    for path in (ROOT / "adsapp").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for action, kind in NOTED.findall(source):
            actions |= _meant(action)
            kinds |= {kind} - {""}
        actions |= {words for line in CHOSEN.findall(source) for words in TEXT.findall(line)} & set(ACTIONS)
    assert actions == set(ACTIONS)
    assert kinds <= set(KINDS)
    assert set(KEPT) <= set(KINDS)


def _meant(action: str) -> set[str]:
    """The actions that a text in the source stands for."""
    if action == "{verb.value} jobs" or action == "{target.verb.value} jobs":
        return {f"{verb.value} jobs" for verb in BulkAction}
    return {"start campaign", "schedule campaign"} if action == "{verb} campaign" else {action} - {""}


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize("kind, index", [("", "ix_audit_events_at"), ("and kind = 'job'", "ix_audit_events_kind")])
def test_a_page_is_a_range_of_one_index(app: Flask, kind: str, index: str) -> None:
    wanted = (
        f"select * from audit_events where organization_id = 'o' {kind} and at >= '2026' and (at, id) < ('2027', 7) "
        "order by at desc, id desc limit 51"
    )
    with app.app_context(), db.engine.connect() as connection:
        plan = str(connection.execute(text(f"explain query plan {wanted}")).all())
    assert index in plan
    assert "at>" in plan
    assert "TEMP B-TREE" not in plan

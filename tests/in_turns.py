"""Tests take turns between the two databases: half of them run on each, always the same ones, so that a run can be
repeated.

What promises that nothing is lost and nothing is done twice runs on both, and so does what knocks at every door with
odd values, whatever asks for its `shape`, and what is marked `both`. That nothing else is left out is counted: each
function of ours that asks a database is run against both (tests/asked_on_both.py), and where one was not, a test that
reaches it gets the mark. `ADSAPP_EVERY_SHAPE=1` runs every test on both.
"""

import os
import re
import zlib
from collections import Counter
from inspect import signature

import pytest

ON_BOTH = re.compile(
    "tests/(?:chaos/|journeys/|contracts/|core/db/|core/test_key_rotation|core/web/test_odd_input|jobs/engine/"
    "|jobs/test_dependencies|jobs/api/test_idempotency|alerts/test_watching|schedules/test_(?:crashes|firing)"
    "|campaigns/test_ledger|campaigns/sending/|campaigns/webhooks/|emails/sending/|emails/webhooks/"
    "|contacts/imports/test_(?:lane|r|undo)|contacts/test_consent|renderings/test_run"
    "|cli/test_(?:admin|backup|doctor|secrets))"
)
BOTH = ("embedded", "distributed")


def keep_one_shape(items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests that run, and those whose twin does."""
    if os.environ.get("ADSAPP_EVERY_SHAPE"):
        return items, []
    names = {item: _without_shape(item) for item in items if _takes_turns(item)}
    has_twin = {name for name, count in Counter(names.values()).items() if count == len(BOTH)}
    kept, left = [], []
    for item in items:
        name = names.get(item, "")
        if name not in has_twin or _shape(item) == BOTH[zlib.crc32(name.encode()) % 2]:
            kept.append(item)
        else:
            left.append(item)
    return kept, left


def _takes_turns(item: pytest.Item) -> bool:
    if ON_BOTH.match(item.nodeid) or item.get_closest_marker("both"):
        return False
    function = getattr(item, "function", None)
    return function is not None and "shape" not in signature(function).parameters


def _shape(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    return str(call.params.get("shape", "")) if call else ""


def _without_shape(item: pytest.Item) -> str:
    shape = _shape(item)
    return item.nodeid.replace(shape, "", 1) if shape in BOTH else item.nodeid

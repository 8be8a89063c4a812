"""What people see and type does not depend on the database: tests of pages and commands take turns between the two.

Half of them run on each, always the same ones, so that a run can be repeated. What they stand on is run on both: every
route with odd input, with each role and as a contract; services, queries, engine and the paths from end to end.
`ADSAPP_EVERY_SHAPE=1` runs all on both.
"""

import os
import re
import zlib
from collections import Counter

import pytest

OWN_CODE = "test_(?:admin|backup|doctor|secrets)"  # commands that do something else on each database
IN_TURNS = re.compile(
    rf"tests/(?:cli/(?!{OWN_CODE})|dashboard/|activity/test_page|front/|.*/console/|.*test_\w*pages?\.py)"
)
BOTH = ("embedded", "distributed")
ONLY_HERE = pytest.StashKey[bool]()


def keep_one_shape(items: list[pytest.Item]) -> tuple[list[pytest.Item], list[pytest.Item]]:
    """The tests that run, and those whose twin does."""
    if os.environ.get("ADSAPP_EVERY_SHAPE"):
        return items, []
    names = {item: _without_shape(item) for item in items if IN_TURNS.match(item.nodeid)}
    has_twin = {name for name, count in Counter(names.values()).items() if count == len(BOTH)}
    kept, left = [], []
    for item in items:
        name = names.get(item, "")
        if name not in has_twin:
            kept.append(item)
        elif _shape(item) == BOTH[zlib.crc32(name.encode()) % 2]:
            item.stash[ONLY_HERE] = True
            kept.append(item)
        else:
            left.append(item)
    return kept, left


def _shape(item: pytest.Item) -> str:
    call = getattr(item, "callspec", None)
    return str(call.params.get("shape", "")) if call else ""


def _without_shape(item: pytest.Item) -> str:
    shape = _shape(item)
    return item.nodeid.replace(shape, "", 1) if shape in BOTH else item.nodeid

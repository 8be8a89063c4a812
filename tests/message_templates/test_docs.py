"""What docs/templates.md promises is so."""

import json
import re

import pytest

from adsapp.config import ROOT
from adsapp.message_templates import formatters
from adsapp.message_templates.formatters import KINDS
from adsapp.message_templates.placeholders import FIELDS

TEXT = (ROOT / "docs" / "templates.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^\| `([^`]+)` \| `((?:\"|\[|\{)[^`]*)` \| (.+?) \|$", TEXT, re.MULTILINE)


@pytest.mark.parametrize("value, how, reads", EXAMPLES)
def test_an_example_reads_as_the_page_says(value: str, how: str, reads: str) -> None:
    written = formatters.parse(json.loads(how)).write(value).replace("\u00a0", " ")
    assert written == ("" if reads.startswith("nothing: ") else reads)


def test_the_page_has_examples_and_names_every_formatter_and_field() -> None:
    assert len(EXAMPLES) >= 12
    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.description} |" in TEXT
    for name in FIELDS:
        assert f"`{name}`" in TEXT

"""What every template and static file keeps to: the content security policy holds, nothing foreign is unnamed."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from adsapp.config import ROOT

TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# E-mails are read by mail programs, which know inline styles and nothing else.
PAGES = [path for path in TEMPLATES if "emails" not in path.relative_to(ROOT).parts]
VENDOR = ROOT / "static" / "vendor"
VENDORED = sorted(path for path in VENDOR.iterdir() if path.is_dir())

COMMENT = re.compile(r"\{#.*?#\}", re.DOTALL)
SYMBOL = re.compile(r'<symbol id="([a-z0-9-]+)" viewBox="0 0 24 24">')
QUOTED = r"""["']([a-z][a-z0-9-]*)["']"""
ICON_CALL = re.compile(rf"\b(?:_?icon\(|icon_button\(|mark\([^,()]+,\s*|empty_state\(){QUOTED}")
ICON_ARGUMENT = re.compile(rf"""(?:\bicon=|["']icon["']:\s*){QUOTED}""")
ICON_TABLE_ROW = re.compile(r'^\s+"\w+": \("\w+", "[^"]+", "([a-z0-9-]+)"\),$', re.MULTILINE)
ICON_TABLE = re.compile(r"set _\w*icons = \{(.*?)\}", re.DOTALL)


BUTTON = re.compile(r"""\b(?:_?button|submit|post_button)\(["'](\w+…?)["']""")
# One word is enough where the object is plain: the list it stands over, the dialog, the queue whose card or page it is.
PLAIN = {"Filter", "Close", "Pause", "Resume", "Drain…"}


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _source(path: Path) -> str:
    return COMMENT.sub("", path.read_text(encoding="utf-8"))


def _sprite() -> set[str]:
    return set(SYMBOL.findall((ROOT / "static" / "icons.svg").read_text(encoding="utf-8")))


def _icons_in(source: str) -> Iterator[str]:
    for pattern in (ICON_CALL, ICON_ARGUMENT, ICON_TABLE_ROW):
        yield from pattern.findall(source)
    for table in ICON_TABLE.findall(source):
        yield from re.findall(rf":\s*{QUOTED}", table)


def test_the_search_for_icons_sees_every_way_of_naming_one() -> None:
    source = """{{ ui.icon("a") }} {{ _icon('b', label="x") }} {{ ui.button("Go", icon="c") }}
    {{ ui.mark("good", "d") }} {{ ui.empty_state("e", "Nothing") }} {{ ui.icon_button("f", "Close") }} {"icon": "g"}
      "waiting": ("neutral", "waiting", "h"),
    {% set _icons = {"good": "i"} %}"""
    assert sorted(_icons_in(source)) == list("abcdefghi")


def test_a_button_is_a_verb_and_its_object() -> None:
    of_one_word = {word: _name(path) for path in PAGES for word in BUTTON.findall(_source(path))}
    assert {word: name for word, name in of_one_word.items() if word not in PLAIN} == {}
    assert set(of_one_word) == PLAIN  # the search sees them, and none is excused that is gone


@pytest.mark.parametrize("path", TEMPLATES, ids=_name)
def test_every_icon_a_template_uses_is_in_the_sprite(path: Path) -> None:
    assert set(_icons_in(_source(path))) <= _sprite()


def test_every_icon_a_script_uses_is_in_the_sprite() -> None:
    table = re.search(r"const ICONS = \{(.*?)\}", (ROOT / "static/js/toast.js").read_text(encoding="utf-8"))
    assert table is not None
    assert set(re.findall(r'"([a-z0-9-]+)"', table[1])) <= _sprite()


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_no_template_holds_what_the_content_security_policy_forbids(path: Path) -> None:
    source = _source(path)
    assert not re.search(r"<style\b", source, re.IGNORECASE), "inline style sheet"
    assert not re.search(r"<[^>]*\sstyle\s*=", source, re.IGNORECASE), "inline style"
    assert not re.search(r"<script\b(?![^>]*\bsrc=)", source, re.IGNORECASE), "inline script"
    assert not re.search(r"<[^>]*\s(on[a-z]+|hx-on[\w:-]*)\s*=", source, re.IGNORECASE), "inline handler"
    assert not re.search(r"""(href|src|action)\s*=\s*["']\s*javascript:""", source, re.IGNORECASE), "script in a link"


@pytest.mark.parametrize("path", PAGES, ids=_name)
def test_no_template_loads_anything_from_elsewhere(path: Path) -> None:
    assert not re.search(r"""<(script|link|img|use)\b[^>]*(src|href)\s*=\s*["'](https?:)?//""", _source(path))


@pytest.mark.parametrize("path", sorted((ROOT / "static/js").glob("*.js")), ids=_name)
def test_no_script_of_ours_evaluates_text(path: Path) -> None:
    assert not re.search(r"\beval\(|\bnew Function\b|\.innerHTML\s*=|document\.write", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", VENDORED, ids=_name)
def test_every_vendored_folder_has_a_licence_and_is_listed_with_its_version(folder: Path) -> None:
    assert (folder / "LICENSE").read_text(encoding="utf-8").strip()
    version = folder.name.rpartition("-")[2]
    rows = (VENDOR / "VERSIONS.md").read_text(encoding="utf-8").splitlines()
    row = next((row for row in rows if row.startswith(f"| `{folder.name}` |")), "")
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:3] == [version]
    assert cells[3], "the licence is not named"


def test_nothing_is_vendored_outside_a_folder_with_its_version() -> None:
    assert [path.name for path in VENDOR.iterdir() if path.is_file()] == ["VERSIONS.md"]


def test_every_macro_is_offered_by_the_one_import_and_documented() -> None:
    folder = ROOT / "templates/macros"
    facade = (folder / "ui.html").read_text(encoding="utf-8")
    page = (ROOT / "docs/front-end.md").read_text(encoding="utf-8")
    for path in folder.glob("*.html"):
        for macro in re.findall(r"\{%-? macro (\w+)\(", path.read_text(encoding="utf-8")):
            if macro.startswith("_") or path.name.startswith("_"):
                continue
            assert f"{{% set {macro} = " in facade, f"{macro} is not in ui.html"
            assert re.search(rf"`{macro}\b", page), f"{macro} is not in docs/front-end.md"


def test_both_dark_palettes_are_the_same() -> None:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    preferred = re.search(r':root:not\(\[data-theme="light"\]\) \{(.*?)\}', tokens, re.DOTALL)
    assert preferred is not None
    assert _dark().split() == preferred[1].split()


def _dark() -> str:
    tokens = (ROOT / "static/css/tokens.css").read_text(encoding="utf-8")
    chosen = re.search(r':root\[data-theme="dark"\] \{(.*?)\}', tokens, re.DOTALL)
    assert chosen is not None
    return chosen[1]


def test_the_dark_scheme_is_nothing_but_other_colours() -> None:
    """So a browser test asks in the dark about contrast alone (tests/browser/conftest.py)."""
    assert [path.name for path in sorted((ROOT / "static" / "css").glob("*.css")) if _is_dark(path)] == ["tokens.css"]
    sandbox = (ROOT / "adsapp/sandbox/console/assets/sandbox.css").read_text(encoding="utf-8")
    for dark in (_dark(), *re.findall(r"dark\) \{\s*:root \{(.*?)\}", sandbox, re.DOTALL)):
        assert {name for name in re.findall(r"([\w-]+):", dark) if not name.startswith("--")} <= {"color-scheme"}


def _is_dark(style: Path) -> bool:
    return (
        re.search(r"\bdark\b", re.sub(r"/\*.*?\*/", "", style.read_text(encoding="utf-8"), flags=re.DOTALL)) is not None
    )

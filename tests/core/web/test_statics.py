"""Static files: kept for ever under the fingerprint of their content, asked about under any other, packed once."""

import gzip
import re
import shutil
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import create_app
from adsapp.config import ROOT, Settings
from adsapp.core.web import statics
from adsapp.core.web.security import HEADERS
from adsapp.core.web.statics import ASK_FIRST, FOR_EVER, LOOKED_AT_FOR, MADE_OF, Shelf

STATIC = ROOT / "static"
FONT = "vendor/inter-5.3.0/inter-latin-wght-normal.woff2"
PACKED = {"Accept-Encoding": "br, gzip"}


@pytest.fixture(scope="module")
def program(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    """The application; nothing here touches its database."""
    return create_app(Settings(home=tmp_path_factory.mktemp("home"), log_level="ERROR"))


@pytest.fixture
def browser(program: Flask) -> FlaskClient:
    """One that keeps nothing."""
    return program.test_client()


def address(program: Flask, name: str) -> str:
    with program.test_request_context():
        return statics.static_url(name)


@pytest.mark.parametrize(("name", "packs"), [("app.css", True), ("app.js", True), ("icons.svg", True), (FONT, False)])
def test_a_file_is_kept_for_ever_under_its_fingerprint_only(
    program: Flask, browser: FlaskClient, name: str, packs: bool
) -> None:
    here = address(program, name)
    plain, packed = browser.get(here), browser.get(here, headers=PACKED)
    assert plain.headers["Cache-Control"] == packed.headers["Cache-Control"] == FOR_EVER
    for other in (f"/static/{name}", f"/static/{name}?v=0123456789ab"):
        assert browser.get(other).headers["Cache-Control"] == ASK_FIRST
    assert packed.headers.get("Content-Encoding") == ("gzip" if packs else None)
    assert plain.headers.get("Vary") == packed.headers.get("Vary") == ("Accept-Encoding" if packs else None)
    assert plain.data == (gzip.decompress(packed.data) if packs else packed.data)
    assert (plain.headers["ETag"] != packed.headers["ETag"]) == packs
    for answer, headers in ((plain, {}), (packed, PACKED)):
        again = browser.get(here, headers={"If-None-Match": answer.headers["ETag"], **headers})
        assert (again.status_code, again.data) == (304, b"")
    assert "Set-Cookie" not in plain.headers
    assert set(HEADERS) <= set(plain.headers.keys())


def test_a_part_of_a_file_is_a_part_of_the_file_itself(program: Flask, browser: FlaskClient) -> None:
    part = browser.get(address(program, "app.css"), headers={"Range": "bytes=10-19", **PACKED})
    assert (part.status_code, part.headers.get("Content-Encoding")) == (206, None)
    assert part.data == browser.get("/static/app.css").data[10:20]


def test_the_one_sheet_and_the_one_script_hold_all_there_is() -> None:
    for bundle, folder in (("app.css", "css"), ("app.js", "js")):
        there = {path.relative_to(STATIC).as_posix() for path in (STATIC / folder).iterdir()}
        assert there == {part for part in MADE_OF[bundle] if part.startswith(folder)}
    libraries = {path.relative_to(STATIC).as_posix() for path in (STATIC / "vendor").rglob("*.js")}
    assert libraries == {part for part in MADE_OF["app.js"] if part.startswith("vendor")}


def test_what_the_sheet_loads_is_there_and_kept_for_ever(browser: FlaskClient) -> None:
    loaded = re.findall(r'url\("(?!data:)([^"]+)"\)', browser.get("/static/app.css").text)
    assert {Path(each.partition("?")[0]).suffix for each in loaded} == {".woff2"}
    fonts = {path.name for path in (STATIC / "vendor").rglob("*.woff2")}
    assert {Path(each.partition("?")[0]).name for each in loaded} == fonts
    assert {browser.get(f"/static/{each}").headers["Cache-Control"] for each in loaded} == {FOR_EVER}


def test_scripts_see_nothing_of_one_another_and_lose_only_comments(browser: FlaskClient) -> None:
    made = browser.get("/static/app.js").text
    for part in MADE_OF["app.js"]:
        source = (STATIC / part).read_text(encoding="utf-8")
        assert not re.search(r"^(import|export)\b", source, re.MULTILINE), f"{part}: it is no module any more"
        assert "\n".join(line for line in source.splitlines() if not line.lstrip().startswith("//")) in made
    assert made.count('(() => {\n"use strict";\n') == sum(part.startswith("js/") for part in MADE_OF["app.js"])


def test_every_process_makes_the_same_fingerprint_and_an_edited_file_gets_another(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    shutil.copytree(STATIC, first)
    shutil.copytree(STATIC, second, copy_function=shutil.copyfile)  # other times, as on another machine
    now = [0.0]
    here, there = Shelf(first, clock=lambda: now[0]), Shelf(second)
    before = {name: here.fingerprint(name) for name in (*MADE_OF, "icons.svg", FONT)}
    assert before == {name: there.fingerprint(name) for name in before}
    with (first / "css/jobs.css").open("a") as sheet:
        sheet.write(".edited { color: red }\n")
    shutil.copy(first / "icons.svg", first / FONT)
    now[0] += LOOKED_AT_FOR
    after = {name: here.fingerprint(name) for name in before}
    assert {name for name in before if before[name] != after[name]} == {"app.css", FONT}
    found = here.find("app.css")
    assert found is not None
    assert b".edited" in found.body
    assert after[FONT].encode() in found.body


@pytest.mark.parametrize(
    "name", ["../pyproject.toml", "css/../icons.svg", "css//base.css", "css", "", "x" * 5000, "a\0b", "none.css"]
)
def test_an_odd_name_is_no_file_and_takes_no_room(name: str) -> None:
    shelf = Shelf(STATIC)
    assert shelf.find(name) is None
    assert shelf.fingerprint(name) == "0"
    assert shelf._kept == {}


def test_what_is_not_there_and_what_changes_something_is_refused_as_everywhere(browser: FlaskClient) -> None:
    assert browser.get("/static/none.css").status_code == 404
    assert browser.get("/static/none.css").headers["Cache-Control"] == "no-store"
    assert browser.post("/static/app.css").status_code == 405
    head = browser.head("/static/app.css", headers=PACKED)
    assert (head.status_code, head.data, head.headers["Content-Encoding"]) == (200, b"", "gzip")

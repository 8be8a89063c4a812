"""What every page has in common: the search at its head, and where one is."""

import re
import uuid
from collections.abc import Callable

import pytest
from flask.testing import FlaskClient

from adsapp.config import ROOT
from tests.cast import Cast
from tests.jobs.conftest import enqueue

__all__ = ["enqueue"]

Enqueue = Callable[..., uuid.UUID]
PAGES = ("/", "/campaigns", "/contacts", "/imports", "/templates", "/jobs", "/workers", "/settings/whatsapp")
TITLE = "Read the list of the autumn fair " * 5


@pytest.mark.parametrize("who, searched", [("alice", "name, number or e-mail"), ("vera", "name or e-mail")])
def test_the_search_says_what_it_searches_and_is_the_same_on_every_page(
    client: FlaskClient, cast: Cast, who: str, searched: str
) -> None:
    cast.sign_in(client, who)
    for path in PAGES:
        answer = client.get(path)
        if answer.status_code == 403:
            continue
        found = re.search(r'<form class="search".*?</form>', answer.text, re.DOTALL)
        assert found, path
        assert 'action="/contacts"' in found[0], path
        assert f'aria-label="Search contacts by {searched}"' in found[0], path


@pytest.mark.parametrize(
    ("chosen", "written"), [("dark", 'data-theme="dark"'), ("light", 'data-theme="light"'), ('"><b>', ""), (None, "")]
)
@pytest.mark.parametrize("path", ["/sign-in", "/"])
def test_the_chosen_theme_is_in_the_page_before_any_script(
    client: FlaskClient, cast: Cast, path: str, chosen: str | None, written: str
) -> None:
    if path == "/":
        cast.sign_in(client, "alice")
    if chosen:
        client.set_cookie("adsapp-theme", chosen)
    root = re.search(r"<html[^>]*>", client.get(path).text)
    assert root
    assert written in root[0]
    assert ("data-theme" in root[0]) == bool(written)


def crumbs(page: str) -> list[str]:
    """The texts of the crumbs, whole."""
    found = re.search(r'<nav class="crumbs".*?</nav>', page, re.DOTALL)
    assert found
    assert re.search(r'<span aria-current="page">[^<]+</span></nav>', found[0]), found[0]
    return re.findall(r"<(?:a href=[^>]*|span(?: aria-current=\"page\")?)>([^<]+)<", found[0])


def test_the_crumbs_of_a_job_name_it_whole_and_end_where_one_is(
    client: FlaskClient, cast: Cast, enqueue: Enqueue
) -> None:
    title = TITLE[:200].strip()
    job_id = enqueue(title=title)
    cast.sign_in(client, "alice")
    for path, last in (
        (f"/jobs/{job_id}", []),
        (f"/jobs/{job_id}/cancel", ["Cancel"]),
        (f"/jobs/{job_id}/priority", ["Priority"]),
    ):
        assert crumbs(client.get(path).text) == ["Jobs", title, *last]
    asked = client.get(f"/jobs/actions?verb=prioritize&job={job_id}").text
    assert crumbs(asked) == ["Jobs", "Change the priority"]
    assert crumbs(client.get("/queues/bulk-messages").text) == ["Home", "Bulk messages"]
    assert crumbs(client.get("/queues/bulk-messages/pause").text) == ["Home", "Bulk messages", "Pause"]


def test_every_trail_of_crumbs_ends_with_the_page_itself() -> None:
    for path in (ROOT / "templates").rglob("*.html"):
        for trail in re.findall(r"crumbs=\[(.*?\))\]", path.read_text(encoding="utf-8")):
            assert trail.endswith(", none)"), f"{path.name}: {trail}"

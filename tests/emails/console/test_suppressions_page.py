"""Who gets no e-mail: listed with the reason, counted by counters, added many at once, removed after a question."""

import re

import pytest
from flask.testing import FlaskClient

from adsapp.emails.models import SuppressionReason
from tests.emails.console.conftest import Post
from tests.emails.scene import EmailScene


def counts(page: str) -> dict[str, int]:
    """What the chips say."""
    chips = re.findall(r'class="pill[^"]*"[^>]*>(?:<[^>]*>)*([a-z ]+?) ([\d,]+)<', page)
    return {label: int(count) for label, count in chips}


def test_each_address_has_its_reason_and_the_counts_are_exact(alice: FlaskClient, scene: EmailScene) -> None:
    scene.suppress("gone@example.com", SuppressionReason.BOUNCE, "550 5.1.1 No such user")
    scene.suppress("cross@example.com", SuppressionReason.COMPLAINT)
    page = alice.get("/suppressions").text
    assert "550 5.1.1 No such user" in page
    assert counts(page) == {"all": 2, "bounced": 1, "complained": 1}
    assert "gone@example.com" not in alice.get("/suppressions?reason=complaint").text
    assert "cross@example.com" not in alice.get("/suppressions?search=GONE").text


def test_many_are_added_at_once_and_one_is_removed_after_a_question(
    post: Post, alice: FlaskClient, scene: EmailScene
) -> None:
    added = post(
        "/suppressions", addresses="one@example.com, TWO@example.com\r\none@example.com", detail="Asked by phone"
    )
    assert "2 addresses get no more e-mail" in added.text
    assert "Asked by phone" in added.text
    found = re.search(r'href="(/suppressions/\d+/removal)"', added.text)
    assert found is not None
    assert "again?" in alice.get(found[1]).text
    removed = post(found[1])
    assert "gets e-mail again" in removed.text
    assert counts(removed.text) == {"all": 1, "added by hand": 1}


@pytest.mark.parametrize(
    "typed, said", [("", "Paste one address at least"), ("one@example.com nobody", "“nobody” is no")]
)
def test_nothing_is_added_if_one_is_none(post: Post, alice: FlaskClient, typed: str, said: str) -> None:
    refused = post("/suppressions", addresses=typed)
    assert (refused.status_code, said in refused.text, typed in refused.text) == (422, True, True)
    assert "Nobody is suppressed" in alice.get("/suppressions").text


def test_a_viewer_sees_no_address_and_cannot_look_for_one(vera: FlaskClient, scene: EmailScene) -> None:
    scene.suppress("gone@example.com")
    shown = vera.get("/suppressions?search=nothing").text
    assert "g•••@example.com" in shown
    assert "gone@" not in shown
    assert vera.get("/suppressions/1/removal").status_code == 403

"""Who wants to know is told, in the transaction of what happened; nobody else is."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.jobs import JobFailed
from adsapp.notifications import (
    Alert,
    CampaignPaused,
    Invitation,
    sending,
    service,
    tell,
    tell_administrators,
    write_to,
)
from adsapp.notifications.outgoing import Envelope, NotTaken
from adsapp.notifications.queries import wanted_by
from adsapp.notifications.rendering import Mail
from adsapp.organizations import service as organizations
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast, csrf_token

from .conftest import member

Told = Callable[[], list[dict[str, Any]]]
PAUSED = CampaignPaused("Spring", "http://192.168.100.100:5000/campaigns/1", "+12025550107 complained")
ALERT = Alert("A queue stands still", "Look at its workers.", "http://127.0.0.1:5000/workers")
USUAL = {"import_finished", "campaign_finished", "campaign_paused"}


@pytest.fixture
def inside(app: Flask, cast: Cast) -> Any:
    with db.organization_context(app, cast.bakery_id):
        yield


@pytest.mark.parametrize(
    ("name", "wanted"), [("alice", USUAL | {"alert"}), ("adam", USUAL | {"alert"}), ("bob", USUAL), ("vera", USUAL)]
)
def test_who_has_chosen_nothing_is_told_what_is_usual(inside: None, cast: Cast, name: str, wanted: set[str]) -> None:
    assert {kind for kind, is_wanted in wanted_by(member(cast, name)).items() if is_wanted} == wanted


def test_members_choose_for_themselves_and_it_leaves_a_line(inside: None, cast: Cast, told: Told) -> None:
    alice, adam = member(cast, "alice"), member(cast, "adam")
    service.choose(alice, {"campaign_paused", "digest"}, By("Alice"))
    service.choose(alice, {"digest"}, By("Alice"))
    db.session.commit()
    assert {kind for kind, is_wanted in wanted_by(alice).items() if is_wanted} == {"digest"}
    assert wanted_by(adam)["campaign_paused"]
    lines = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()
    assert lines[-1].details == {"told": {"My campaign was paused": False}}
    tell(alice.user_id, PAUSED)
    tell_administrators(ALERT)
    db.session.commit()
    assert [(each["to"], each["kind"]) for each in told()] == [("adam@example.com", "alert")]


def test_nothing_is_told_of_what_did_not_happen(inside: None, cast: Cast, told: Told) -> None:
    tell(member(cast, "bob").user_id, PAUSED)
    db.session.rollback()
    assert told() == []


def test_who_has_left_is_told_nothing(inside: None, cast: Cast, told: Told) -> None:
    bob = member(cast, "bob")
    service.choose(bob, {"campaign_paused"}, NOBODY)
    db.session.commit()
    organizations.remove_member(bob, by=NOBODY)
    db.session.commit()
    tell(bob.user_id, PAUSED)
    db.session.commit()
    assert told() == []


def test_who_may_not_see_numbers_is_told_none(inside: None, cast: Cast, told: Told) -> None:
    for name in ("bob", "vera"):
        tell(member(cast, name).user_id, PAUSED)
    db.session.commit()
    reasons = [each["values"]["reason"] for each in told()]
    assert reasons[0] == PAUSED.reason
    assert "5550107" not in reasons[1]
    assert [each["values"]["url"] for each in told()] == [PAUSED.url] * 2


def test_an_invitation_goes_to_whoever_is_meant(inside: None, told: Told) -> None:
    write_to("new@example.com", "", Invitation("Harbour Bakery", "Alice", "http://127.0.0.1:5000/join/x", 7))
    db.session.commit()
    assert [each["to"] for each in told()] == ["new@example.com"]


@pytest.mark.parametrize("is_permanent", [True, False])
def test_what_was_not_taken_is_tried_again_if_that_can_help(
    inside: None, monkeypatch: pytest.MonkeyPatch, is_permanent: bool
) -> None:
    class Refusing:
        name = "refusing"

        def send(self, mail: Mail, envelope: Envelope) -> None:
            raise NotTaken("refused", "The mail server says no", is_permanent=is_permanent)

    monkeypatch.setattr(sending, "outgoing", lambda _settings: Refusing())
    with pytest.raises(JobFailed, match="says no") as caught:
        sending.send(member_id(), "a@example.com", "Ana", ALERT.kind, ALERT.as_json())
    assert (caught.value.code, caught.value.permanent) == ("refused", is_permanent)
    with pytest.raises(JobFailed, match="no letter called"):
        sending.send(member_id(), "a@example.com", "Ana", "poem", {})


def member_id() -> Any:
    from adsapp.core.ids import new_id

    return new_id()


def test_the_page_shows_and_keeps_what_is_chosen(client: FlaskClient, cast: Cast) -> None:
    cast.sign_in(client, "vera")
    page = client.get("/settings/notifications").text
    assert "No mail leaves this installation" in page
    assert page.count(" checked") == 3
    data = {"csrf_token": csrf_token(client), "told": ["digest", "poem"]}
    assert client.post("/settings/notifications", data=data).status_code == 303
    page = client.get("/settings/notifications").text
    assert "Saved what you are told" in page
    assert page.count(" checked") == 1


def test_a_program_has_no_notifications(client: FlaskClient, cast: Cast) -> None:
    answer = client.get("/settings/notifications", headers=cast.headers("alice"))
    assert answer.status_code == 403
    assert "A token is told nothing by mail" in answer.text

"""The home page and e-mail: its card leads to the list, and what needs somebody is said with the next step."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast
from tests.emails.scene import EmailScene, set_the_email_scene

NOW = object()  # when the test runs: it may be long after it was collected


@pytest.fixture
def scene(app: Flask, cast: Cast) -> EmailScene:
    return set_the_email_scene(app, cast)


@pytest.fixture
def alice(app: Flask, cast: Cast) -> FlaskClient:
    return cast.sign_in(app.test_client(), "alice")


def test_the_card_leads_to_the_list(alice: FlaskClient) -> None:
    assert '<h2><a href="/emails">E-mail</a></h2>' in alice.get("/").text


@pytest.mark.parametrize(
    "change, said",
    [
        ({"status": AccountStatus.REFUSED, "status_reason": "The key was withdrawn"}, "“E-mail” cannot send e-mail"),
        ({"quota_until": utcnow() + timedelta(hours=3)}, "The quota of “E-mail” is used up until"),
        ({"unreachable_since": NOW, "unreachable_at": NOW}, "Resend cannot be reached from “E-mail”"),
    ],
)
def test_what_is_wrong_with_an_account_is_said(
    scene: EmailScene, alice: FlaskClient, change: dict[str, object], said: str
) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        account: EmailAccount = accounts.get_default_email_account()
        for name, value in change.items():
            setattr(account, name, utcnow() if value is NOW else value)
        db.session.commit()
    assert said in alice.get("/").text


@pytest.mark.parametrize(
    "status, people, said",
    [
        (OutboundStatus.PAUSED, {Status.PENDING: 2}, "“Spring newsletter” is paused"),
        (OutboundStatus.COMPLETED, {Status.UNCERTAIN: 2}, "2 e-mails of “Spring newsletter” are uncertain"),
        (
            OutboundStatus.COMPLETED,
            {Status.DELIVERED: 9, Status.COMPLAINED: 1},
            "10.0 % marked “Spring newsletter” as spam",
        ),
        (
            OutboundStatus.COMPLETED,
            {Status.DELIVERED: 3, Status.BOUNCED: 1},
            "1 of 4 e-mails of “Spring newsletter” did not",
        ),
        (OutboundStatus.SENDING, {Status.DELIVERED: 3, Status.PENDING: 1}, "1 e-mail is going out."),
    ],
)
def test_what_needs_somebody_is_said(
    scene: EmailScene, alice: FlaskClient, status: OutboundStatus, people: dict[Status, int], said: str
) -> None:
    scene.email(status, people)
    assert said in alice.get("/").text

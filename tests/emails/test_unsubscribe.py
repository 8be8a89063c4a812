"""The link in an e-mail: it asks once, one click is enough, and nothing more goes to that address."""

from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.emails import queries, unsubscribe
from adsapp.emails.models import Suppression
from tests.emails.rehearsal import MailRehearsal

ANA = "ana@example.com"


def suppressed(mail: MailRehearsal) -> list[tuple[str, str]]:
    with mail.organization(), db.reading():
        return [(row.address, row.reason.value) for row in db.session.scalars(select(Suppression))]


def path_of(mail: MailRehearsal) -> str:
    """Where the link of the only e-mail that was sent leads."""
    [message] = mail.mailer.taken
    assert message.unsubscribe_url.startswith(mail.app.config["SETTINGS"].base_url + "/unsubscribe/")
    return message.unsubscribe_url.removeprefix(mail.app.config["SETTINGS"].base_url)


def test_a_click_asks_and_a_second_one_ends_it(mail: MailRehearsal, client: FlaskClient) -> None:
    mail.contacts(ANA)
    email_id = mail.sent()
    path = path_of(mail)
    asked = client.get(path)
    assert (asked.status_code, "Get no more e-mails?" in asked.text, ANA in asked.text) == (200, True, True)
    assert suppressed(mail) == [], "programs that look at links unsubscribe nobody"
    for _ in range(2):
        done = client.post(path)
        assert (done.status_code, "You get no more e-mails" in done.text) == (200, True)
    assert suppressed(mail) == [(ANA, "unsubscribed")]
    assert "You get no more e-mails" in client.get(path).text
    assert mail.people(email_id)[ANA].unsubscribed_at is not None
    with mail.organization(), db.reading():
        counts = queries.counts(queries.get_email(email_id))
    assert (counts.unsubscribed, counts.total) == (1, 1), "counted once, and beside the statuses"
    again = mail.sent()
    assert mail.people(again)[ANA].error_code == "suppressed"
    assert len(mail.mailer.taken) == 1


def test_a_mail_program_clicks_for_the_reader(mail: MailRehearsal, client: FlaskClient) -> None:
    """RFC 8058: a POST from a stranger, without a session and without a form's token."""
    mail.contacts(ANA)
    mail.sent()
    answer = client.post(
        path_of(mail),
        data={"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )
    assert answer.status_code == 200
    assert suppressed(mail) == [(ANA, "unsubscribed")]


@pytest.mark.parametrize("change", [lambda token: token[:-1], lambda token: "x" + token, lambda token: "nothing"])
def test_a_link_that_is_not_ours_says_so_and_changes_nothing(
    mail: MailRehearsal, client: FlaskClient, change: Any
) -> None:
    mail.contacts(ANA)
    mail.sent()
    token = path_of(mail).rpartition("/")[2]
    for answer in (client.get(f"/unsubscribe/{change(token)}"), client.post(f"/unsubscribe/{change(token)}")):
        assert (answer.status_code, "This link is not whole" in answer.text) == (404, True)
    assert suppressed(mail) == []


def test_the_same_recipient_has_the_same_link_for_ever_and_nobody_else_has_it(mail: MailRehearsal) -> None:
    with mail.app.app_context():
        one, two = (unsubscribe.link("https://x/unsubscribe/", mail.cast.bakery_id, number) for number in (1, 2))
        assert one == unsubscribe.link("https://x/unsubscribe/", mail.cast.bakery_id, 1) != two
        assert unsubscribe.link("https://x/unsubscribe/", mail.cast.other_id, 1) != one
        assert unsubscribe.link("", mail.cast.bakery_id, 1) == ""

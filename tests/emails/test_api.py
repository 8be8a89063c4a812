"""POST /api/jobs/send-email and what programs read of e-mails: what is wrong is said at its place."""

import base64
import io
import uuid
from typing import Any

import pytest
from flask.testing import FlaskClient

from adsapp.integrations.models import AccountStatus
from tests.emails.rehearsal import MailRehearsal, refused

URL = "/api/jobs/send-email"
SAID = {"subject": "Hello {{first_name}}", "html": "<p>Hi {{first_name}}</p>"}
ANA = {"email": "ana@example.com", "name": "Ana Lima"}


def ask(mail: MailRehearsal, client: FlaskClient, who: str = "bob", key: str = "", **body: Any) -> Any:
    headers = mail.cast.headers(who) | ({"Idempotency-Key": key} if key else {})
    return client.post(URL, json={**SAID, **body}, headers=headers)


def test_addresses_that_are_given(mail: MailRehearsal, client: FlaskClient) -> None:
    answer = ask(mail, client, recipients=[ANA])
    assert answer.status_code == 202
    told = answer.get_json()
    assert answer.headers["Location"] == f"/api/jobs/{told['job']['id']}"
    assert told["job"]["queue"] == "email-notification"
    email_id = told["email"]["id"]
    mail.finish(uuid.UUID(email_id))
    shown = client.get(f"/api/emails/{email_id}", headers=mail.cast.headers("vera")).get_json()
    assert shown["email"]["counts"]["by_status"]["accepted"] == shown["email"]["audience_size"] == 1
    [one] = client.get(f"/api/emails/{email_id}/recipients", headers=mail.cast.headers("bob")).get_json()["recipients"]
    assert (one["email"], one["status"]) == ("ana@example.com", "accepted")
    [masked] = client.get(f"/api/emails/{email_id}/recipients", headers=mail.cast.headers("vera")).get_json()[
        "recipients"
    ]
    assert masked["email"] == "a•••@example.com"
    listed = client.get("/api/emails?limit=1", headers=mail.cast.headers("bob")).get_json()
    assert [each["id"] for each in listed["emails"]] == [email_id]


def test_an_audience_and_the_same_key_twice(mail: MailRehearsal, client: FlaskClient) -> None:
    mail.contacts("ana@example.com", "ben@example.com")
    first = ask(mail, client, key="spring-1", audience={"all": True})
    second = ask(mail, client, key="spring-1", audience={"all": True})
    assert first.status_code == second.status_code == 202
    assert first.get_json()["job"]["id"] == second.get_json()["job"]["id"]
    other = ask(mail, client, key="spring-1", audience={"all": True}, subject="Another")
    assert other.status_code == 409
    mail.finish(uuid.UUID(first.get_json()["email"]["id"]))
    assert mail.mailer.addresses() == ["ana@example.com", "ben@example.com"]


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
@pytest.mark.parametrize(
    "body, place, words",
    [
        ({"recipients": [{"email": "nobody"}]}, "recipients[0].email", "is no e-mail address"),
        ({"recipients": [{"email": "a@b.example, c@d.example"}]}, "recipients[0].email", "several addresses"),
        ({"recipients": []}, "recipients", "Nobody is in it"),
        ({"recipients": [ANA], "audience": {"all": True}}, "recipients", "not both"),
        ({"audience": {"tags": ["nobody has it"]}}, "audience.tags[0]", "There is no tag"),
        ({"recipients": [ANA], "subject": "Hello\r\nBcc: all@example.com"}, "subject", "one line"),
        ({"recipients": [ANA], "subject": " "}, "subject", "Write a subject"),
        ({"recipients": [ANA], "html": "", "text": ""}, "html", "Write what the e-mail says"),
        ({"recipients": [ANA], "html": "x" * 3_000_000}, "html", "3,000,000 characters"),
        ({"recipients": [ANA], "html": "{{offer}}"}, "variables.offer", "no value is given"),
        (
            {"recipients": [ANA], "template": "gone", "subject": "", "html": ""},
            "template",
            "There is no e-mail template",
        ),
        ({"recipients": [ANA], "account": "gone"}, "account", "There is no e-mail account"),
        ({"recipients": [ANA], "tags": {"a b": "x"}}, "tags.a b", ""),
        ({"recipients": [ANA], "scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at", "past"),
        (
            {"recipients": [ANA], "attachments": [{"filename": "../x", "content": "QUJD"}]},
            "attachments[0].filename",
            "",
        ),
        ({"recipients": [ANA], "attachments": [{"filename": "x", "content": "?"}]}, "attachments[0].content", "base64"),
        ({"recipients": [ANA], "colour": "red"}, "colour", ""),
    ],
)
def test_what_is_wrong_is_said_at_its_place(
    mail: MailRehearsal, client: FlaskClient, body: dict[str, Any], place: str, words: str
) -> None:
    answer = ask(mail, client, **body)
    fields = {each["field"]: each["message"] for each in answer.get_json()["errors"]}
    assert (answer.status_code, place in fields) == (422, True), fields
    assert words in fields[place]
    assert client.get("/api/emails", headers=mail.cast.headers("bob")).get_json()["emails"] == []


def test_no_account_and_one_that_is_refused_say_where_to_put_it_right(mail: MailRehearsal, client: FlaskClient) -> None:
    mail.account(status=AccountStatus.REFUSED, status_reason="The key was withdrawn")
    answer = ask(mail, client, recipients=[ANA])
    assert (answer.status_code, answer.get_json()["code"]) == (409, "email_account_refused")
    assert "Settings → E-mail" in answer.get_json()["detail"]


def test_files_come_in_a_form_and_too_many_bytes_are_named(mail: MailRehearsal, client: FlaskClient) -> None:
    said = '{"subject": "Menu", "text": "See the file.", "recipients": [{"email": "ana@example.com"}]}'

    def with_file(content: bytes) -> Any:
        data = {"email": said, "attachments": (io.BytesIO(content), "menu.pdf")}
        return client.post(URL, data=data, headers=mail.cast.headers("bob"))

    sent = with_file(b"PDF")
    assert sent.status_code == 202
    mail.finish(uuid.UUID(sent.get_json()["email"]["id"]))
    [file] = mail.mailer.taken[0].attachments
    assert (file["filename"], base64.b64decode(file["content"])) == ("menu.pdf", b"PDF")
    large = with_file(b"x" * 31 * 1024 * 1024)
    assert large.status_code == 422
    assert "The attachments have 41.3 MB together" in large.get_json()["detail"]


def test_it_is_paused_resumed_and_ended_by_programs_too(mail: MailRehearsal, client: FlaskClient) -> None:
    bob = mail.cast.headers("bob")
    email_id = ask(mail, client, recipients=[ANA]).get_json()["email"]["id"]

    def tell(what: str, **body: Any) -> Any:
        return client.post(f"/api/emails/{email_id}/{what}", json=body, headers=bob)

    assert tell("pause", reason="wait for the price").get_json()["email"]["status"] == "paused"
    assert tell("pause").status_code == 409
    assert tell("resume").get_json()["email"]["status"] == "sending"
    assert tell("uncertain", decision="perhaps").status_code == 422
    assert tell("retries", code="invalid_parameter").status_code in (200, 422)
    assert tell("cancel").get_json()["email"]["status"] == "cancelled"
    assert tell("cancel").status_code == 409
    assert client.post(f"/api/emails/{email_id}/cancel", headers=mail.cast.headers("vera")).status_code == 403


def test_a_failure_is_told_with_what_to_do(mail: MailRehearsal, client: FlaskClient) -> None:
    mail.mailer.always = refused(422, "invalid_parameter")
    email_id = ask(mail, client, recipients=[ANA]).get_json()["email"]["id"]
    mail.finish(uuid.UUID(email_id))
    told = client.get(f"/api/emails/{email_id}", headers=mail.cast.headers("bob")).get_json()
    assert [(each["code"], each["count"]) for each in told["failures"]] == [("invalid_parameter", 1)]
    assert told["failures"][0]["advice"]

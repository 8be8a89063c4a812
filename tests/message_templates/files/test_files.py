"""A picture goes from the browser to the reviewers and to people: kept once, uploaded when it is needed, at a real
sandbox, in both shapes."""

import html
import io
import json
import uuid
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select, update

from adsapp.core import db
from adsapp.integrations.channels import channel_of
from adsapp.integrations.queries import get_account
from adsapp.message_templates.files import service as files
from adsapp.message_templates.models import HeaderFile, MessageTemplate
from adsapp.organizations.auditing import By
from tests.cast import csrf_token
from tests.live import Live

from .samples import JPEG, PDF, PNG

DRAFT = {
    "name": "look_inside",
    "language": "en",
    "category": "UTILITY",
    "header_format": "IMAGE",
    "body": "Hello {{1}}, look inside.",
    "example.body.1": "Ana",
}


def post(client: FlaskClient, path: str, **fields: Any) -> tuple[int, str, str]:
    answer = client.post(path, data={**fields, "csrf_token": csrf_token(client)}, content_type="multipart/form-data")
    return answer.status_code, html.unescape(answer.text), answer.headers.get("Location", "")


def file_of(content: bytes, name: str = "spring.png") -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def kept_files(live: Live) -> list[HeaderFile]:
    with live.organization(), db.reading():
        return list(db.session.scalars(select(HeaderFile).order_by(HeaderFile.id)))


def uploads(live: Live) -> dict[str, int]:
    found: dict[str, int] = live.sandbox.call("media")["uploads"]
    return found


def approve(live: Live, name: str) -> None:
    verdict = {"phone_number_id": live.phone_number_id, "name": name, "language": "en", "verdict": "approve"}
    live.sandbox.call("templates", verdict)
    with live.organization():
        found = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == name)).one()
        found.status = "APPROVED"
        db.session.commit()


@pytest.mark.both
def test_a_picture_goes_from_the_studio_to_the_phone(live: Live, client: FlaskClient) -> None:
    adam = live.cast.sign_in(client, "adam")
    before = uploads(live)
    status, page, _ = post(adam, "/templates", **DRAFT)
    assert status == 422
    assert "There is no picture for the reviewers to look at" in page

    status, page, _ = post(adam, "/templates/sample", **DRAFT, file=file_of(PDF, "bill.pdf"))
    assert status == 422
    assert "“bill.pdf” is application/pdf; a picture above a message is JPEG or PNG" in page
    status, page, _ = post(adam, "/templates/sample", **DRAFT, file=file_of(PNG))
    assert status == 200, page
    (kept,) = kept_files(live)
    assert f'src="/files/{kept.id}"' in page, "the phone shows it"
    shown = adam.get(f"/files/{kept.id}")
    assert (shown.data, shown.content_type) == (PNG, "image/png")
    assert shown.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"

    sample = f"file:{kept.id}"
    status, page, place = post(adam, "/templates", **DRAFT, header_sample=sample)
    assert status == 303, page
    status, page, _ = post(adam, "/templates", **DRAFT | {"name": "again"}, header_sample=sample)
    assert status == 303, page
    assert uploads(live).get("sample", 0) - before.get("sample", 0) == 1, "uploaded once, for both"
    with live.organization():
        db.session.execute(update(HeaderFile).values(sample_handle="forgotten by the provider"))
        db.session.commit()
    third = DRAFT | {"name": "a_third"}
    status, page, _ = post(adam, "/templates", **third, header_sample=sample)
    assert status == 422
    assert "WhatsApp did not take it" in page
    status, page, _ = post(adam, "/templates", **third, header_sample=sample)
    assert status == 303, page
    status, page, _ = post(adam, "/templates/draft", **DRAFT | {"header_format": "VIDEO"}, header_sample=sample)
    assert "is no video" in page
    assert f'src="/files/{kept.id}"' in adam.get(place).text

    approve(live, "look_inside")
    live.contacts("+12025550101", "+12025550102")
    with live.organization():
        template = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == "look_inside")).one()
        composed = {"template": str(template.id), "audience": "all", "source.body.1": "first_name"}
        db.session.rollback()
    status, page, place = post(adam, "/campaigns/files?key=header.IMAGE", **composed, upload=file_of(JPEG, "b.jpg"))
    assert status == 303, page
    _, second = kept_files(live)
    page = adam.get(place).text
    assert f'src="/files/{second.id}"' in page
    assert "Will be sent to" in page
    status, page, _ = post(adam, "/campaigns/files?key=header.IMAGE", **composed, upload=file_of(b"GIF89a", "c.gif"))
    assert status == 422
    refusal = "“c.gif” is a GIF; a picture above a message is JPEG or PNG"
    assert refusal in page
    sent = {**composed, "upload": file_of(b"GIF89a", "c.gif"), "csrf_token": csrf_token(adam)}
    answer = adam.post("/campaigns/files?key=header.IMAGE", data=sent, headers={"HX-Request": "true"})
    assert json.loads(answer.headers["HX-Trigger"]) == {"toast": {"text": refusal, "kind": "bad"}}, "it stays"

    live.start_worker()
    variables = {"1": {"field": "first_name"}, "header.IMAGE": {"value": f"file:{second.id}"}}
    named = {"template_name": "look_inside", "template_language": "en", "variables": variables}
    campaign_id = live.start_campaign(**named)
    live.wait_for_status(campaign_id, "completed")
    headers = [line["header"] for line in live.sandbox.ledger()]
    assert len(headers) == 2
    assert headers[0] == headers[1]
    assert headers[0]["id"] in {each["id"] for each in live.sandbox.call("media")["files"]}
    live.wait_for_status(live.start_campaign(**named), "completed")
    assert uploads(live)["media"] - before.get("media", 0) == 1, "uploaded once, for both campaigns"


def test_the_same_by_the_api_and_what_is_wrong_is_told_at_its_place(live: Live, client: FlaskClient) -> None:
    adam = live.cast.sign_in(client, "adam")
    headers = {"X-CSRFToken": csrf_token(adam)}
    made = adam.post("/api/files", data={"file": file_of(JPEG, "../../x/ a.jpg")}, headers=headers)
    assert made.status_code == 201, made.text
    kept = made.get_json()["file"]
    assert (kept["kind"], kept["name"], kept["size_bytes"]) == ("IMAGE", "a.jpg", len(JPEG))
    again = adam.post("/api/files", data={"file": file_of(JPEG, "again.jpg")}, headers=headers)
    assert again.get_json()["file"]["id"] == kept["id"], "the same bytes are kept once"
    video = adam.post("/api/files", data={"file": file_of(b"\0\0\0\x18ftypmp42")}, headers=headers).get_json()["file"]
    assert [each["kind"] for each in adam.get("/api/files?kind=video").get_json()["files"]] == ["VIDEO"]
    for wrong in ({}, {"file": file_of(b"", "a.jpg")}, {"file": file_of(b"MZ", "a.exe")}):
        answer = adam.post("/api/files", data=wrong, headers=headers)
        assert answer.status_code == 422
        assert answer.get_json()["errors"][0]["field"] == "file"

    body = {
        "name": "by_program",
        "language": "en",
        "category": "UTILITY",
        "body": "Look here.",
        "header_format": "image",
    }
    refused = adam.post("/api/templates", json=body | {"header_sample": video["value"]}, headers=headers)
    assert [each["field"] for each in refused.get_json()["errors"]] == ["header_sample"]
    submitted = adam.post("/api/templates", json=body | {"header_sample": kept["value"]}, headers=headers)
    assert submitted.status_code == 202, submitted.text
    approve(live, "by_program")
    live.contacts("+12025550103")
    asked: dict[str, Any] = {
        "name": "May",
        "template": {"name": "by_program", "language": "en"},
        "audience": {"all": True},
    }
    for value, told in (
        ("photo.jpg", "is no address"),
        (video["value"], "is a video, not a picture"),
        ("file:0190d5e4-0000-7000-8000-000000000000", "this file was deleted"),
        ("http://127.0.0.1:8080/a.jpg", "not on the open internet"),
    ):
        variables = {"header.IMAGE": {"value": value}}
        answer = adam.post("/api/campaigns", json=asked | {"variables": variables}, headers=headers)
        assert answer.status_code == 422, value
        assert answer.get_json()["errors"][0]["field"] == "variables.header.IMAGE"
        assert told in answer.get_json()["errors"][0]["message"]
    good = adam.post(
        "/api/campaigns", json=asked | {"variables": {"header.IMAGE": {"value": kept["value"]}}}, headers=headers
    )
    assert good.status_code == 202, good.text

    path = _path(live, kept["id"])
    assert path.read_bytes() == JPEG
    assert adam.delete(f"/api/files/{kept['id']}", headers=headers).status_code == 204
    assert not path.exists()
    assert adam.get(f"/files/{kept['id']}").status_code == 404
    live.start_worker()
    campaign_id = good.get_json()["campaign"]["id"]
    live.wait_for_status(campaign_id, "paused")
    assert "was deleted" in adam.get(f"/api/campaigns/{campaign_id}").get_json()["campaign"]["status_reason"]
    assert live.sandbox.ledger() == []


def _path(live: Live, file_id: str) -> Path:
    with live.organization():
        found = db.session.scalars(select(HeaderFile).where(HeaderFile.id == uuid.UUID(file_id))).one()
        return files.path_of(found.id)


def test_what_the_provider_forgets_is_uploaded_again(live: Live) -> None:
    channel_uploads = uploads(live).get("media", 0)
    with live.organization():
        kept = files.keep(io.BytesIO(PDF), "bill.pdf", By("Alice"), "DOCUMENT")
        file_id, channel = kept.id, channel_of(get_account(live.account_id))
        db.session.commit()
        first = files.ids_at_provider([file_id], live.account_id, channel)
        assert files.ids_at_provider([file_id], live.account_id, channel) == first
        live.sandbox.call("clock", {"advance_seconds": 30 * 86_400})
        found = db.session.get_one(HeaderFile, file_id)
        assert found.uploaded_at is not None
        found.uploaded_at -= timedelta(days=29)
        db.session.commit()
        second = files.ids_at_provider([file_id], live.account_id, channel)
    assert first != second
    assert {name for _, name in (*first.values(), *second.values())} == {"bill.pdf"}
    assert uploads(live)["media"] - channel_uploads == 2

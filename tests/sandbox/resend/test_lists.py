"""Domains, webhooks and suppressions are kept as the provider keeps them."""

import pytest

from .support import ANA, DOMAIN, Resend, mail, refusal


def test_a_domain_is_added_verified_and_then_used(resend: Resend) -> None:
    (known,) = resend.api("GET", "/domains").json["data"]
    assert (known["name"], known["status"]) == (DOMAIN, "verified")
    added = resend.api("POST", "/domains", {"name": "news.example"})
    assert (added.status, added.json["status"]) == (201, "not_started")
    assert refusal(resend.api("POST", "/domains", {"name": "News.example"})) == (403, "validation_error")
    path = f"/domains/{added.json['id']}"
    assert resend.api("POST", f"{path}/verify").status == 200
    assert resend.api("GET", path).json["status"] == "pending"
    resend.control("emails/domains", {"name": "news.example", "status": "verified"})
    resend.api("POST", f"{path}/verify")
    assert resend.send_mail(mail(**{"from": "a@news.example"})).status == 200


def test_addresses_are_suppressed_and_released_by_one_and_by_many(resend: Resend) -> None:
    made = resend.api("POST", "/suppressions", {"email": ANA})
    assert (made.status, made.json["object"]) == (201, "suppression")
    assert resend.api("POST", "/suppressions", {"email": ANA.upper()}).json == made.json
    assert resend.api("GET", f"/suppressions/{ANA}").json["origin"] == "manual"
    many = ["ben@example.com", "cy@example.com"]
    assert len(resend.api("POST", "/suppressions/batch/add", {"emails": many}).json["data"]) == 2
    listed = resend.api("GET", "/suppressions?origin=manual&limit=2").json
    assert ([row["email"] for row in listed["data"]], listed["has_more"]) == (many[::-1], True)
    removed = resend.api("POST", "/suppressions/batch/remove", {"emails": [*many, "di@example.com"]})
    assert [row["deleted"] for row in removed.json["data"]] == [True, True]
    assert resend.api("DELETE", f"/suppressions/{made.json['id']}").json["deleted"] is True
    assert resend.api("GET", "/suppressions").json["data"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "expected"),
    [
        ("POST", "/domains", {"name": "no domain"}, (422, "validation_error")),
        ("GET", "/domains/1", None, (404, "not_found")),
        ("POST", "/webhooks", {"endpoint": "ftp://x"}, (422, "validation_error")),
        ("POST", "/webhooks", {"endpoint": "http://x"}, (422, "missing_required_field")),
        ("POST", "/webhooks", {"endpoint": "http://x", "events": ["email.lost"]}, (422, "validation_error")),
        ("DELETE", "/webhooks/1", None, (404, "not_found")),
        ("POST", "/suppressions", {"email": "ana"}, (422, "validation_error")),
        ("POST", "/suppressions", ["ana"], (422, "validation_error")),
        ("POST", "/suppressions", b"{", (400, "validation_error")),
        ("GET", "/suppressions?origin=moon", None, (422, "validation_error")),
        ("GET", "/suppressions/ana@example.com", None, (404, "not_found")),
        ("DELETE", "/suppressions/ana@example.com", None, (404, "not_found")),
        ("POST", "/suppressions/batch/add", {"emails": []}, (422, "missing_required_field")),
        ("POST", "/suppressions/batch/add", {"emails": [ANA] * 101}, (422, "validation_error")),
    ],
)
def test_what_cannot_be_done_is_refused(
    resend: Resend, method: str, path: str, body: object, expected: tuple[int, str]
) -> None:
    assert refusal(resend.api(method, path, body)) == expected

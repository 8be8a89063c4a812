"""Resend's webhooks: whose signature counts, and what each event tells."""

import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.integrations.email_events import EmailReport, ReportKind, SuppressionReport, UnknownReport
from adsapp.integrations.resend.webhooks import parse, signature, why_not_genuine

# The example of Svix' own documentation: https://docs.svix.com/receiving/verifying-payloads/how-manual
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ID, SENT, BODY = "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", b'{"test": 2432232314}'
SIGNATURE = "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
NOW = datetime.fromtimestamp(int(SENT), UTC)


def why_not(signatures: str, now: datetime = NOW, body: bytes = BODY, sent: str = SENT, secret: str = SECRET) -> str:
    headers = {"svix-id": ID, "svix-timestamp": sent, "svix-signature": signatures}
    return why_not_genuine(body, headers.get, secret, now)


def test_the_documented_signature_is_ours_too() -> None:
    assert signature(BODY, ID, SENT, SECRET) == SIGNATURE


@pytest.mark.parametrize("signatures", [f"v1,{SIGNATURE}", f"v1,b3RoZXI= v1,{SIGNATURE}", f"v1a,x v1,{SIGNATURE} v2,y"])
def test_any_entry_of_version_1_that_fits_counts(signatures: str) -> None:
    assert why_not(signatures) == ""


@pytest.mark.parametrize("signatures", ["", SIGNATURE, f"v2,{SIGNATURE}", "v1,", "v1,ä", f"v1,{SIGNATURE[:-2]}"])
def test_anything_else_does_not(signatures: str) -> None:
    assert "does not fit" in why_not(signatures)


def test_every_part_is_signed() -> None:
    good = f"v1,{SIGNATURE}"
    assert "does not fit" in why_not(good, body=BODY + b" ")
    assert "does not fit" in why_not(good, sent=str(int(SENT) + 1))
    assert "does not fit" in why_not(good, secret="whsec_" + base64.b64encode(b"another").decode())
    assert "does not fit" in why_not("v1,", secret="no base64!")


@pytest.mark.parametrize("apart, is_good", [(-301, False), (-300, True), (300, True), (301, False), (86_400, False)])
def test_a_signature_is_good_for_five_minutes(apart: int, is_good: bool) -> None:
    assert (why_not(f"v1,{SIGNATURE}", NOW + timedelta(seconds=apart)) == "") is is_good


@pytest.mark.parametrize("sent", ["", "-1", "1e9", "٣", "9" * 13])
def test_an_odd_time_is_no_time(sent: str) -> None:
    assert "no time" in why_not(f"v1,{SIGNATURE}", sent=sent)


def told(kind: str, **data: Any) -> Any:
    event = {
        "type": kind,
        "created_at": "2027-03-01T12:00:00.000Z",
        "data": {"email_id": "e-1", "to": ["a@b.c"]} | data,
    }
    return parse(json.dumps(event).encode(), NOW)


def test_an_event_tells_which_email_and_whose() -> None:
    report = told("email.delivered", tags={"recipient": "17", "other": "x"})
    noon = datetime(2027, 3, 1, 12, tzinfo=UTC)
    assert report == EmailReport(ReportKind.DELIVERED, "e-1", "17", "a@b.c", noon)
    assert told("email.sent", tags=[{"name": "recipient", "value": "18"}]).reference == "18"


def test_a_bounce_for_good_and_one_that_passes() -> None:
    hard = {"type": "Permanent", "subType": "General", "message": "Unknown user", "diagnosticCode": ["550 5.1.1"]}
    report = told("email.bounced", bounce=hard)
    assert (report.kind, report.detail) == (ReportKind.BOUNCED, "Unknown user 550 5.1.1")
    for kind in ("Transient", "Undetermined"):
        assert told("email.bounced", bounce=hard | {"type": kind}).kind is ReportKind.DELAYED


def test_the_list_of_the_provider() -> None:
    assert told("suppression.added", email="a@b.c", origin="bounce") == SuppressionReport(
        "a@b.c", True, "bounce", datetime(2027, 3, 1, 12, tzinfo=UTC)
    )
    assert not told("suppression.removed", email="a@b.c").added


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"type": "email.sent", "data": 3}', b'{"type": 4, "data": {}}'],
)
def test_what_is_no_event_changes_nothing(body: bytes) -> None:
    assert isinstance(parse(body, NOW), UnknownReport)


def test_an_event_of_tomorrow_is_unknown_and_says_which() -> None:
    assert told("email.teleported") == UnknownReport("an event of the kind 'email.teleported'")
    assert "without an e-mail's id" in told("email.sent", email_id=None).what


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(
    st.sampled_from(["email.bounced", "email.failed", "email.sent", "suppression.added"]),
    st.dictionaries(
        st.sampled_from(["email_id", "to", "tags", "bounce", "failed", "email", "origin", "created_at"]), json_values
    ),
)
def test_no_body_is_an_error_of_ours(kind: str, data: dict[str, Any]) -> None:
    parse(json.dumps({"type": kind, "created_at": data.get("created_at"), "data": data}).encode(), NOW)

"""The signature is over the exact bytes, and no odd header ends in an error (case N20)."""

import hashlib
import hmac
import json

import pytest
from sqlalchemy import func, select

from adsapp.campaigns.models import InboundMessage
from adsapp.core import db
from adsapp.integrations.models import WebhookDelivery
from tests.campaigns.rehearsal import Rehearsal
from tests.campaigns.webhooks.bodies import webhook, written
from tests.live import SECRET
from tests.statements import recorded, write_locks

TEXT = "Où est mon colis ? 📦 a/b"


def raw_utf8() -> bytes:
    return json.dumps(webhook(messages=[written(TEXT, from_="442079460411")]), ensure_ascii=False).encode()


def escaped() -> bytes:
    """As the provider writes it: everything outside ASCII as an escape, and slashes too."""
    return json.dumps(webhook(messages=[written(TEXT, from_="442079460411")])).replace("/", "\\/").encode()


def test_accents_escapes_and_slashes_are_taken_as_they_came(rehearsal: Rehearsal) -> None:
    assert [rehearsal.post_webhook(body) for body in (raw_utf8(), escaped())] == [200, 200]
    rehearsal.apply()
    with rehearsal.organization():
        assert list(db.session.scalars(select(InboundMessage.text))) == [TEXT, TEXT]


GOOD = hmac.new(SECRET.encode(), b"{}", hashlib.sha256).hexdigest()
# As WSGI servers hand them on: each byte one character.
ODD = [
    "",
    "sha256=",
    "sha256=\xe9\xff",
    "\xe9\xff",
    f"sha1={GOOD}",
    GOOD,
    "sha256=" + "a" * 5_000,
    f"sha256={GOOD[:-1]}",
]


@pytest.mark.parametrize("header", ODD)
def test_an_odd_signature_is_refused_and_nothing_stored(rehearsal: Rehearsal, header: str) -> None:
    client, path = rehearsal.app.test_client(), f"/webhooks/whatsapp/{rehearsal.account_id}"
    answer = client.post(path, data=b"{}", environ_overrides={"HTTP_X_HUB_SIGNATURE_256": header})
    assert answer.status_code == 401
    with rehearsal.organization():
        assert db.session.scalar(select(func.count()).select_from(WebhookDelivery)) == 0


@pytest.mark.parametrize("odd", ["\xe9\xff", "", "a" * 5_000])
def test_the_same_bytes_elsewhere_are_no_error_either(rehearsal: Rehearsal, odd: str) -> None:
    client = rehearsal.app.test_client()
    bearer = client.get("/api/campaigns", environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {odd}"})
    cookie = client.get("/contacts", environ_overrides={"HTTP_COOKIE": f"adsapp_session={odd}"})
    assert (bearer.status_code, cookie.status_code) == (401, 302)


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_only_to_store_and_to_add_a_job_a_delivery_waits_for_the_lock(rehearsal: Rehearsal) -> None:
    def locks(body: bytes, secret: str = SECRET) -> int:
        with recorded(rehearsal.app) as seen:
            rehearsal.post_webhook(body, secret)
        return write_locks(seen)

    assert [locks(raw_utf8(), "wrong"), locks(raw_utf8()), locks(escaped())] == [0, 2, 1]

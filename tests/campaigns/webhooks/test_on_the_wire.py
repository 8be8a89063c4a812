"""Webhooks over real HTTP: signed bytes, a body too large, and a person who writes, from the sandbox to the contact."""

from typing import Any

from sqlalchemy import func, select

from adsapp.campaigns.models import InboundMessage
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.integrations.models import WebhookDelivery
from adsapp.jobs import Job, Queue
from adsapp.jobs.queues import pause_queue
from adsapp.organizations.auditing import By
from tests.live import Live
from tests.paths import CASES
from tests.waiting import wait_for

C01 = CASES / "C01-status-out-of-order"
A = "+12025550100"


def test_a_wrong_signature_is_refused_and_nothing_stored(live: Live) -> None:
    assert live.post_webhook((C01 / "1_delivered.json").read_bytes(), secret="wrong") == 401
    with live.organization():
        assert db.session.scalar(select(func.count()).select_from(WebhookDelivery)) == 0
        assert db.session.scalar(select(func.count()).select_from(Job)) == 0


def test_a_body_over_three_megabytes_is_refused(live: Live) -> None:
    assert live.post_webhook(b" " * (3 * 1024 * 1024 + 1)) == 413


def write(live: Live, text: str, number: str = A, **more: Any) -> None:
    """The person writes; returns when it is taken in."""
    before = taken_in(live)
    live.sandbox.call("inbound", {"from": number, "text": text, "phone_number_id": live.phone_number_id, **more})
    wait_for(lambda: taken_in(live) > before, what=f"{text!r} is taken in")


def taken_in(live: Live) -> int:
    with live.organization(), db.reading():
        return db.session.scalar(select(func.count()).select_from(InboundMessage)) or 0


def is_out(live: Live, number: str = A) -> bool:
    with live.organization(), db.reading():
        return db.session.scalar(select(Contact.opted_out_at).where(Contact.phone == number)) is not None


def test_a_stop_comes_in_while_its_queue_is_paused(live: Live) -> None:
    """Whoever pauses Templates means the reading of templates: people's STOP must not wait for that."""
    live.contacts(A)
    with live.organization():
        pause_queue(Queue.TEMPLATE_PROCESSING, By("Alice", "The templates are being changed"))
        db.session.commit()
    live.start_worker()
    write(live, "STOP")
    assert is_out(live)

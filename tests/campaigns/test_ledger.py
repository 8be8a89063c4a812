"""The ledger adds up and agrees with its counters, whatever happens in whatever order."""

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from adsapp.campaigns import ledger, service, statuses
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import counts, get_campaign
from adsapp.campaigns.sending import results
from adsapp.campaigns.sending.freeze import CampaignFreezing
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.campaigns.sending.results import FailureStreak
from adsapp.contacts.models import Contact, OptSource
from adsapp.contacts.opt_outs import opt_out
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations.base import Accepted, NotSent, Refused, Uncertain
from adsapp.integrations.events import Source, StatusEvent
from adsapp.integrations.whatsapp.errors import classify
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.organizations.auditing import NOBODY
from adsapp.outbound import decisions
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.transport import NotWritten, SendResult
from tests.cast import Cast
from tests.live import shipped_templates

MOMENT = datetime(2026, 11, 1, tzinfo=UTC)
PEOPLE = 6
CODES = (130429, 131000, 131026, 131047, 131049, 131050, 131056, 132000, 132001, 190, None)


class Quiet:
    """A job's progress where nothing interrupts."""

    def __init__(self) -> None:
        self.lease_id = new_id()
        self.is_draining = False

    def check(self) -> None:
        """Nothing to stop for."""

    def commit(self) -> None:
        """Nobody else has the job."""
        db.session.commit()


def frozen_campaign(cast: Cast) -> uuid.UUID:
    account = create_account(AccountIn("1", "2", "token", "secret", "verify"), by=NOBODY)
    db.session.add_all(shipped_templates(account))
    for place in range(PEOPLE):
        phone = f"+120255501{place:02}"
        db.session.add(Contact(organization_id=cast.bakery_id, phone=phone, person_key=phone, first_name="Ana"))
    db.session.flush()
    variables = {"1": {"field": "first_name"}}
    campaign = service.create_campaign(
        service.CampaignIn("Welcome", "welcome", "en_US", variables, {"all": True}), by="Alice"
    )
    db.session.commit()
    message = CampaignMessage.of(campaign)
    quiet: Any = Quiet()
    assert CampaignFreezing(campaign.id, campaign.audience, message, quiet).run(until=float("inf"))
    return campaign.id


outcomes = st.one_of(
    st.builds(Accepted, st.sampled_from(["wamid.1", "wamid.2"])),
    st.sampled_from(CODES).map(lambda code: Refused(classify({"error": {"code": code, "message": "m"}}))),
    st.just(Uncertain("no answer")),
    st.just(NotSent("no connection")),
    st.just(NotWritten()),
)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("mark"), st.integers(0, PEOPLE - 1)),
        st.tuples(st.just("outcome"), st.integers(0, PEOPLE - 1), outcomes),
        st.tuples(
            st.just("report"),
            st.integers(0, PEOPLE - 1),
            st.sampled_from(["sent", "delivered", "read", "failed"]),
            st.integers(0, 50),
        ),
        st.tuples(st.just("settle"), st.sampled_from([decisions.SEND_AGAIN, decisions.ASSUME_DELIVERED])),
        st.tuples(st.just("retry"), st.sampled_from(["132000", "132001", "131049"])),
        st.tuples(st.just("opt out"), st.integers(0, PEOPLE - 1)),
    ),
    max_size=25,
)


@pytest.fixture
def campaign_id(app: Flask, cast: Cast) -> uuid.UUID:
    with db.organization_context(app, cast.bakery_id):
        return frozen_campaign(cast)


@given(steps=steps)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_recipients_by_status_always_add_up_and_nothing_moves_down(
    app: Flask, cast: Cast, campaign_id: uuid.UUID, steps: list[tuple[Any, ...]]
) -> None:
    with db.organization_context(app, cast.bakery_id):
        start_anew(campaign_id)
        ids = list(db.session.scalars(select(CampaignRecipient.id).order_by(CampaignRecipient.id)))
        lease = new_id()
        for step in steps:
            before = statuses_of(campaign_id)
            take(campaign_id, ids, lease, step)
            after = statuses_of(campaign_id)
            agree(campaign_id, after)
            for one in ids:
                assert not (is_proven(before[one]) and not is_proven(after[one])), (step, before[one], after[one])


def start_anew(campaign_id: uuid.UUID) -> None:
    fresh = dict.fromkeys((*ledger.MILESTONES, "provider_id", "lease_id", "not_before", "error_message"))
    for one in db.session.scalars(select(CampaignRecipient)):
        one.status, one.error_code, one.attempts = Status.PENDING, "", 0
        for name, value in fresh.items():
            setattr(one, name, value)
    campaign = get_campaign(campaign_id)
    campaign.status = OutboundStatus.SENDING
    campaign.finished_at = utcnow() - timedelta(hours=25)  # long enough ago to try anybody again
    db.session.commit()


def take(campaign_id: uuid.UUID, ids: list[int], lease: uuid.UUID, step: tuple[Any, ...]) -> None:
    match step:
        case ("mark", place):
            entries = [one for one in ledger.load([ids[place]]).values() if one.status is Status.PENDING]
            for entry in entries:
                entry.status, entry.lease_id, entry.attempts = Status.SENDING, lease, entry.attempts + 1
            ledger.save(entries)
        case ("outcome", place, outcome):
            posted = SendResult(ids[place], outcome, MOMENT + timedelta(seconds=10))
            results.write(campaign_id, lease, [posted], {ids[place]: 1}, FailureStreak())
        case ("report", place, status, second):
            event = StatusEvent(
                f"wamid.{ids[place]}", status, MOMENT + timedelta(seconds=second), "1", str(ids[place]),
                (classify({"code": 131026}),) if status == "failed" else (), None, Source(),
            )  # fmt: skip
            statuses.apply([event])
        case ("settle", decision):
            service.settle_uncertain(get_campaign(campaign_id), decision, "Alice")
        case ("retry", code):
            service.retry_failed(get_campaign(campaign_id), code, "Alice")
        case ("opt out", place):
            contact = db.session.scalars(select(Contact).order_by(Contact.id).offset(place).limit(1)).one()
            opt_out(contact, OptSource.HAND, by=NOBODY)
    db.session.commit()


def statuses_of(campaign_id: uuid.UUID) -> dict[int, Status]:
    mine = CampaignRecipient.campaign_id == campaign_id
    found = {
        row.id: row.status
        for row in db.session.execute(select(CampaignRecipient.id, CampaignRecipient.status).where(mine))
    }
    db.session.commit()
    return found


def agree(campaign_id: uuid.UUID, rows: dict[int, Status]) -> None:
    campaign = db.session.scalars(select(Campaign).where(Campaign.id == campaign_id)).one()
    counted = counts(campaign)
    assert counted.adds_up
    assert counted.total == PEOPLE
    by_status = Counter(status.value for status in rows.values())
    assert {status.value: getattr(counted, status.value) for status in Status} == {
        status.value: by_status[status.value] for status in Status
    }
    db.session.commit()


def is_proven(status: Status) -> bool:
    """The person has it on the phone: nothing may take that back."""
    return status in (Status.DELIVERED, Status.READ)

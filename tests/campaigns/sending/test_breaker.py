"""What stops a campaign although no answer says so: a template that changed, and too many messages that end badly."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from adsapp.campaigns.models import Campaign
from adsapp.campaigns.sending import breaker, slice
from adsapp.campaigns.sending.breaker import Tally, why_endings
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.message_templates.models import MessageTemplate
from tests.campaigns.rehearsal import Rehearsal, refused

SETTINGS = Settings()
PEOPLE = [f"+1202557{place:04}" for place in range(240)]


@pytest.fixture(autouse=True)
def looks_in_every_tick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slice, "REPORT_SECONDS", 0.0)


def told(rehearsal: Rehearsal, **values: Any) -> None:
    """WhatsApp tells something new about the template `welcome`."""
    with rehearsal.organization():
        db.session.execute(update(MessageTemplate).where(MessageTemplate.name == "welcome").values(**values))
        db.session.commit()


def test_a_template_that_is_known_to_be_paused_costs_no_request(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE[:3])
    campaign_id = rehearsal.start_campaign()
    told(rehearsal, status="PAUSED")
    back = rehearsal.send(campaign_id)
    assert back is not None
    assert back.run_at is None
    assert "template cannot be sent now. WhatsApp paused it" in back.reason
    assert rehearsal.campaign(campaign_id).status == "paused"
    assert not rehearsal.provider.refused
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is not None  # it is paused as ever
    told(rehearsal, status="APPROVED")
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == PEOPLE[:3]


@pytest.mark.parametrize(
    "news, reason",
    [
        ({"status": "PAUSED"}, "WhatsApp paused it"),
        ({"status": "REJECTED", "status_reason": "ABUSIVE"}, "Reason given: abusive"),
        ({"components": [{"type": "BODY", "text": "Hi {{1}}, welcome back."}]}, "would read something else"),
        ({"components": [{"type": "BODY", "text": "Welcome back."}]}, "has other variables now"),
        ({"name": "another_name"}, "is gone"),
        ({"category": "AUTHENTICATION"}, "now counts its template as authentication, no longer as"),
    ],
)
def test_news_of_its_template_stop_a_campaign_that_is_being_sent(
    rehearsal: Rehearsal, news: dict[str, str], reason: str
) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.pace(200)
    campaign_id = rehearsal.start_campaign()
    back = rehearsal.send(campaign_id, rehearsal.once_taken(10, lambda: told(rehearsal, **news)))
    assert back is not None
    assert reason in back.reason
    assert 10 <= len(rehearsal.provider.taken) < len(PEOPLE)
    assert rehearsal.counts(campaign_id).adds_up
    if "name" in news:
        with pytest.raises(Conflict, match="is gone"):
            rehearsal.resume(campaign_id)


def test_whoever_resumes_sends_the_new_text_and_none_that_has_other_variables(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE[:3])
    campaign_id = rehearsal.start_campaign()
    told(rehearsal, components=[{"type": "BODY", "text": "Come back."}])
    assert rehearsal.send(campaign_id) is not None
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is not None, "it has no place for what was filled in"
    told(rehearsal, components=[{"type": "BODY", "text": "Hi {{1}}, welcome back."}])
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == PEOPLE[:3]
    assert rehearsal.campaign(campaign_id).components[0]["text"] == "Hi {{1}}, welcome back."


def test_whoever_resumes_accepts_the_new_category(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE[:3])
    campaign_id = rehearsal.start_campaign()
    told(rehearsal, category="AUTHENTICATION")
    assert rehearsal.send(campaign_id) is not None
    assert rehearsal.provider.taken == []
    rehearsal.resume(campaign_id)
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.provider.numbers() == PEOPLE[:3]


def test_too_many_that_do_not_arrive_pause_a_campaign_and_it_can_be_resumed(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.pace(200)
    for place, phone in enumerate(PEOPLE[:180]):
        if place % 2:
            rehearsal.provider.answers(phone, refused(131026))
    campaign_id = rehearsal.start_campaign()
    back = rehearsal.send(campaign_id)
    assert back is not None
    assert back.run_at is None
    assert "messages did not arrive, most often because of" in back.reason
    counts = rehearsal.counts(campaign_id)
    assert counts.failed >= 50
    assert counts.pending > 0
    rehearsal.resume(campaign_id)  # what came before is known to whoever resumes, and counts no more
    while rehearsal.send(campaign_id) is not None:
        rehearsal.resume(campaign_id)
    assert rehearsal.counts(campaign_id).to_go == 0


def test_what_is_reported_afterwards_pauses_it_too(rehearsal: Rehearsal) -> None:
    """WhatsApp accepts first and tells most of its errors later."""
    rehearsal.contacts(*PEOPLE)
    rehearsal.pace(100)
    campaign_id = rehearsal.start_campaign()
    report = rehearsal.once_taken(110, lambda: opted_out(campaign_id, 20))
    back = rehearsal.send(campaign_id, report)
    assert back is not None
    assert "20 of the last" in back.reason
    assert "people opted out" in back.reason


def opted_out(campaign_id: uuid.UUID, count: int) -> None:
    db.session.execute(update(Campaign).where(Campaign.id == campaign_id).values(opted_out_count=count))


def test_a_window_that_is_over_is_counted_anew(rehearsal: Rehearsal) -> None:
    with at_some_time(rehearsal) as (campaign, tally):
        campaign.watched_from = Tally(utcnow() - timedelta(minutes=11)).as_json()
        assert breaker.look(campaign) is None
        assert tally(campaign).at > utcnow() - timedelta(minutes=1)


@contextmanager
def at_some_time(rehearsal: Rehearsal) -> Iterator[tuple[Campaign, Callable[[Campaign], Tally]]]:
    rehearsal.contacts(PEOPLE[0])
    campaign_id = rehearsal.start_campaign()
    with rehearsal.organization():
        yield db.session.get_one(Campaign, campaign_id), lambda campaign: Tally.from_json(campaign.watched_from or {})


@pytest.mark.parametrize(
    "answered, not_delivered, opted_out, words",
    [
        (99, 99, 0, None),  # too few to say
        (100, 30, 3, None),  # as many as are allowed
        (100, 31, 0, "31 of the last 100 messages did not arrive"),
        (1000, 0, 31, "31 of the last 1,000 people opted out"),
    ],
)
def test_the_shares_that_are_allowed(answered: int, not_delivered: int, opted_out: int, words: str | None) -> None:
    reason = why_endings(Tally(utcnow(), answered, not_delivered, opted_out), SETTINGS)
    assert (reason is None) if words is None else (reason is not None and words in reason)


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(0, 10_000))
def test_a_share_of_0_never_pauses(answered: int, not_delivered: int, opted_out: int) -> None:
    never = SETTINGS.model_copy(update={"breaker_undelivered": 0.0, "breaker_opted_out": 0.0})
    assert why_endings(Tally(utcnow(), answered, not_delivered, opted_out), never) is None


COUNTS = st.integers(0, 1000)


@given(COUNTS, COUNTS, COUNTS, COUNTS)
def test_what_came_since_is_never_less_than_nothing_and_survives_its_column(
    answered: int, not_delivered: int, answered_later: int, not_delivered_later: int
) -> None:
    """Messages that are given back to be sent again make it less for a while."""
    earlier = Tally(utcnow(), answered, not_delivered)
    since = Tally(utcnow(), answered_later, not_delivered_later).since(Tally.from_json(earlier.as_json()))
    assert min(since.answered, since.not_delivered) >= 0

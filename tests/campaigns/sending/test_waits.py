"""A wait that the provider asks for uses up no attempt, of a person or of a job: it ends by time or by cancellation."""

from collections.abc import Sequence
from datetime import timedelta
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as some

from adsapp.campaigns import service
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import get_campaign
from adsapp.campaigns.sending.error_policy import MOST_ATTEMPTS, judge
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.integrations.whatsapp.codes import MEANINGS
from adsapp.jobs import JobFailed, Progress, Snooze
from adsapp.message_templates import service as templates
from tests.campaigns.rehearsal import ByHand, Rehearsal, refused

WAITS = sorted(code for code in MEANINGS if refused(code).error.is_wait)
PASSING = [131000, 131016, 133004]
A = "+12025550100"


def test_all_that_limits_the_pace_is_a_wait() -> None:
    assert {4, 80007, 80008, 130429, 131056, 131057} <= set(WAITS)
    assert refused(None, http_status=429).error.is_wait  # type: ignore[arg-type]
    assert refused(131000, headers={"Retry-After": "5"}).error.is_wait
    assert not any(refused(code).error.is_wait for code in (*PASSING, 190, 131026, 131049, 132000))


@given(some.lists(some.sampled_from([*WAITS, *PASSING]), max_size=200))
def test_only_passing_faults_use_up_attempts(codes: Sequence[int]) -> None:
    """However long the waits between them: the third fault fails, and nothing else does."""
    attempts, faults = 0, 0
    for code in codes:
        faults += code in PASSING
        verdict = judge(refused(code), attempts + 1)
        attempts += verdict.counts
        assert attempts == faults
        assert verdict.status is (Status.FAILED if faults >= MOST_ATTEMPTS and code in PASSING else Status.PENDING)
        if verdict.status is Status.FAILED:
            return
        assert verdict.wait > 0


def test_many_waits_and_then_the_message_arrives(rehearsal: Rehearsal) -> None:
    many = 3 * MOST_ATTEMPTS
    rehearsal.contacts(A)
    rehearsal.provider.answers(A, *[refused(130429, headers={"Retry-After": "20"})] * many)
    campaign_id = rehearsal.start_campaign()
    for _ in range(many):
        back = rehearsal.turn(campaign_id)
        assert back is not None
        rehearsal.let_time_pass()
        person = rehearsal.recipients(campaign_id)[A]
        assert (person.status, person.attempts) == (Status.PENDING, 0)
    while rehearsal.send(campaign_id) is not None:
        rehearsal.let_time_pass()
    person = rehearsal.recipients(campaign_id)[A]
    assert (person.status, person.attempts) == (Status.ACCEPTED, 1)


def test_a_wait_ends_by_cancellation(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(A)
    rehearsal.provider.always(refused(131056))
    campaign_id = rehearsal.start_campaign()
    assert rehearsal.send(campaign_id) is not None
    with rehearsal.organization():
        service.cancel(get_campaign(campaign_id), "Alice")
        db.session.commit()
    assert rehearsal.send(campaign_id) is None
    assert rehearsal.recipients(campaign_id)[A].error_code == "cancelled"


def test_a_job_that_the_provider_asks_to_wait_is_handed_back(rehearsal: Rehearsal) -> None:
    rehearsal.provider.error = refused(80008).error
    with rehearsal.organization(), pytest.raises(Snooze) as back:
        templates.sync(rehearsal.account_id, cast(Progress, ByHand()))
    assert back.value.run_at is not None
    assert back.value.run_at > utcnow() + timedelta(seconds=50)


def test_a_job_that_failed_does_not_say_that_it_goes_on_by_itself(rehearsal: Rehearsal) -> None:
    rehearsal.provider.error = refused(131016).error
    with rehearsal.organization(), pytest.raises(JobFailed) as failed:
        templates.sync(rehearsal.account_id, cast(Progress, ByHand()))
    assert "by itself" not in failed.value.message
    assert "Try again a little later." in failed.value.message


def test_a_campaign_that_is_paused_with_nobody_left_is_over(rehearsal: Rehearsal) -> None:
    """It was paused while its last messages were on their way."""
    rehearsal.contacts(A)
    campaign_id = rehearsal.start_campaign()

    def pause() -> None:
        campaign = get_campaign(campaign_id)
        campaign.status = campaign.status.__class__.PAUSED

    assert rehearsal.send(campaign_id, rehearsal.once_taken(1, pause)) is None
    assert rehearsal.campaign(campaign_id).status == "completed"
    with rehearsal.organization(), pytest.raises(Conflict):
        service.pause(get_campaign(campaign_id), "", "Alice")

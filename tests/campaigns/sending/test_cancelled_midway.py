"""A cancel that meets a slice which is just ending otherwise: whoever was not sent to is left out all the same."""

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from adsapp.campaigns import service
from adsapp.campaigns.queries import get_campaign
from adsapp.core import db
from adsapp.core.clock import DatabaseClock, utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, State, transitions
from adsapp.jobs.engine import claims, completion, outcomes, reaper
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.outcomes import Failed, Released, Snoozed
from adsapp.jobs.progress import Claim
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import Rehearsal
from tests.waiting import wait_for

CLOCK = DatabaseClock()
SLICE = WorkerIdentity(new_id(), "by-hand")
PHONES = [f"+120255502{place:02}" for place in range(40)]
RETRY_SECONDS = 3600.0  # nobody waits so long here

Ends = Callable[[Claim], object]
ENDS: dict[str, Ends] = {
    "its worker is lost": lambda claim: reaper.reap(db.db.engine, CLOCK, RETRY_SECONDS),
    "it snoozes": lambda claim: finish(claim, Snoozed(utcnow() + timedelta(hours=1), "tried again later")),
    "it is released": lambda claim: finish(claim, Released()),
    "it fails": lambda claim: finish(claim, Failed("odd", "Something odd happened", "")),
}


def finish(claim: Claim, outcome: outcomes.Outcome) -> None:
    completion.finish(db.db.engine, CLOCK, claim, outcome, RETRY_SECONDS)


def half_sent(rehearsal: Rehearsal) -> tuple[uuid.UUID, Claim]:
    """A campaign of which some went out, under a slice that nobody goes on with."""
    rehearsal.contacts(*PHONES)
    rehearsal.pace(20)
    campaign_id = rehearsal.start_campaign()
    assert rehearsal.turn(campaign_id, rehearsal.once_taken(3, rehearsal.drain)) is not None
    assert 3 <= rehearsal.counts(campaign_id).accepted_total < len(PHONES)
    assert rehearsal.job(campaign_id).state == State.WAITING
    with rehearsal.app.app_context():
        claim = claims.claim(db.db.engine, CLOCK, SLICE, rehearsal.job(campaign_id).id, lease=-1)
    assert claim is not None
    return campaign_id, claim


@pytest.mark.parametrize("ends", ENDS)
def test_whoever_was_not_sent_to_is_left_out_however_the_slice_ended(rehearsal: Rehearsal, ends: str) -> None:
    campaign_id, claim = half_sent(rehearsal)
    with rehearsal.organization():
        service.cancel(get_campaign(campaign_id), "Alice")
        db.session.commit()
    sent = len(rehearsal.provider.taken)
    with rehearsal.app.app_context():
        ENDS[ends](claim)
    rehearsal.start_worker()
    wait_for(lambda: rehearsal.job(campaign_id).is_finished, what="the job ends")
    counts, job = rehearsal.counts(campaign_id), rehearsal.job(campaign_id)
    assert (rehearsal.campaign(campaign_id).status, job.state) == ("cancelled", State.CANCELLED)
    assert (counts.to_go, counts.skipped, counts.adds_up) == (0, len(PHONES) - counts.done + counts.skipped, True)
    assert len(rehearsal.provider.taken) == sent  # nobody got anything after the cancel
    assert job.progress_done == len(PHONES) - counts.skipped


def test_a_campaign_whose_job_was_cancelled_names_who_did_it(rehearsal: Rehearsal) -> None:
    campaign_id, claim = half_sent(rehearsal)
    with rehearsal.organization():
        transitions.cancel(db.session.get_one(Job, claim.job_id), By("Adam"))
        db.session.commit()
    with rehearsal.app.app_context():
        ENDS["it is released"](claim)
    rehearsal.start_worker()
    rehearsal.wait_for_status(campaign_id, "cancelled")
    wait_for(lambda: rehearsal.job(campaign_id).is_finished, what="the job ends")
    assert rehearsal.campaign(campaign_id).status_reason == "cancelled by Adam"

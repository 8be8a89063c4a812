"""The figures of a campaign: each is what it says, none falls while somebody watches, all shares have one whole."""

from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient

from adsapp.campaigns import queries, service
from adsapp.campaigns.console.presenter import Funnel, headline
from adsapp.campaigns.models import Campaign
from adsapp.campaigns.queries import Counts, get_campaign, rate_of
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, State
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.rehearsal import Rehearsal, refused
from tests.cast import Cast

PEOPLE = [f"+1202558{place:04}" for place in range(108)]


def test_what_was_accepted_stays_so_when_it_fails_later(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE[:8])
    rehearsal.provider.answers(PEOPLE[0], refused(131026))  # never accepted
    campaign_id = rehearsal.sent()
    assert rehearsal.counts(campaign_id).accepted_total == 7
    rehearsal.report("delivered", *PEOPLE[4:8])
    rehearsal.report("failed", *PEOPLE[1:4])
    counts = rehearsal.counts(campaign_id)
    assert (counts.accepted_total, counts.failed, counts.failed_later, counts.tried) == (7, 4, 3, 8)
    assert counts.adds_up
    assert Funnel(counts).share(counts.delivered_total) == "50.0 %"
    assert Funnel(counts).share(counts.failed) == "50.0 %"


def test_whoever_is_sent_to_again_is_accepted_anew(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(PEOPLE[0])
    campaign_id = rehearsal.sent()
    rehearsal.report("failed", PEOPLE[0])
    code = rehearsal.recipients(campaign_id)[PEOPLE[0]].error_code
    with rehearsal.organization():
        service.retry_failed(get_campaign(campaign_id), code, "Alice")
        db.session.commit()
    assert rehearsal.counts(campaign_id).accepted_total == 0
    while rehearsal.send(campaign_id) is not None:
        rehearsal.let_time_pass()
    assert rehearsal.counts(campaign_id).accepted_total == 1


def test_each_job_of_a_campaign_counts_the_people_it_was_begun_for(
    rehearsal: Rehearsal, cast: Cast, client: FlaskClient
) -> None:
    lost, late = PEOPLE[:2], PEOPLE[2]
    rehearsal.contacts(*PEOPLE[:8])
    campaign_id = rehearsal.sent()
    first, counted = rehearsal.campaign(campaign_id).job_id, rehearsal.progress
    assert (counted.total, counted.done, counted.failed) == (8, 8, 0)
    rehearsal.report("failed", *lost)
    with rehearsal.organization():
        campaign = get_campaign(campaign_id)
        service.retry_failed(campaign, queries.failures(campaign)[0].code, "Alice")
        db.session.commit()
    rehearsal.provider.answers(lost[0], refused(131026))
    rehearsal.report("failed", late)  # of the first job, while the second runs
    while rehearsal.send(campaign_id) is not None:
        rehearsal.let_time_pass()
    second, counted = rehearsal.campaign(campaign_id).job_id, rehearsal.progress
    assert (counted.total, counted.done, counted.failed) == (2, 2, 1)
    with rehearsal.organization():
        for job_id, total, failed in ((first, 8, 0), (second, 2, 1)):  # as the engine writes them
            job = db.session.get_one(Job, job_id)
            job.state, job.progress_total, job.progress_failed = State.COMPLETED, total, failed
        db.session.commit()
    cast.sign_in(client, "alice")
    items = {job: client.get(f"/api/jobs/{job}/items?status=failed").json["items"] for job in (first, second)}  # type: ignore[index]
    assert [[item["key"] for item in each] for each in items.values()] == [[late], [lost[0]]]
    words = {job: client.get(f"/api/jobs/{job}").json["counts"] for job in (first, second)}  # type: ignore[index]
    assert words == {
        first: "2 of them are sent to again by a later job. 1 of the others has failed by now.",
        second: "It counts the people it was begun for, who are sent to again.",
    }
    assert all(words[job] in client.get(f"/jobs/{job}").text for job in words)


@pytest.mark.parametrize(
    "counts, words",
    [
        (Counts(pending=1, accepted=107), "99 % sent"),
        (Counts(sending=1, delivered=107), "Waiting for the last 1 answer"),
        (Counts(sending=3, delivered=105), "Waiting for the last 3 answers"),
    ],
)
def test_the_headline_says_what_is_waited_for(counts: Counts, words: str) -> None:
    assert headline(Campaign(status=OutboundStatus.SENDING), counts) == words


NOW = utcnow()
GROUPS = [NOW - timedelta(seconds=1.5) + timedelta(seconds=0.1) * place for place in range(13)]


@pytest.mark.parametrize(
    "moments, now, per_second",
    [
        ([at for at in GROUPS for _ in range(8)], NOW, 80),  # not 88
        (GROUPS[:1] * 8, NOW, 0),  # one group is no pace yet
        ([at for at in GROUPS for _ in range(8)], GROUPS[-1] + timedelta(seconds=4.8), 16),  # nothing since then
        (GROUPS, NOW + timedelta(minutes=1), 0),
        ([], NOW, 0),
    ],
)
def test_the_pace_is_counted_over_whole_groups(moments: list[datetime], now: datetime, per_second: float) -> None:
    """People are marked in groups of a tenth of a second."""
    assert rate_of(moments, now) == pytest.approx(per_second)


def test_with_nobody_left_there_is_no_time_left(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(PEOPLE[0])
    campaign_id = rehearsal.sent()
    with rehearsal.organization():
        campaign = get_campaign(campaign_id)
        campaign.status = OutboundStatus.SENDING
        pace = queries.rate_now(campaign, queries.counts(campaign))
    assert pace.seconds_left is None
    assert pace.finishes_at is None

"""Messages by the minute: kept by the database itself, whoever changes the ledger, and never taken away again."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from adsapp.campaigns import message_minutes, service
from adsapp.campaigns.models import Campaign, CampaignRecipient, MessageMinute
from adsapp.campaigns.queries import get_campaign
from adsapp.core import db
from adsapp.core.clock import utcnow
from tests.campaigns.rehearsal import Rehearsal, refused

PEOPLE = [f"+1202559{place:04}" for place in range(6)]


def sums(rehearsal: Rehearsal) -> tuple[int, ...]:
    with rehearsal.organization(), db.reading():
        columns = [getattr(MessageMinute, name) for name in ("accepted", "delivered", "failed", "refused")]
        row = db.session.execute(select(*(func.coalesce(func.sum(column), 0) for column in columns))).one()
        return tuple(row)


def test_each_message_counts_once_in_each_of_its_minutes(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.provider.answers(PEOPLE[0], refused(131026))
    campaign_id = rehearsal.sent()
    assert sums(rehearsal) == (5, 0, 1, 1)
    rehearsal.report("delivered", *PEOPLE[1:5])
    rehearsal.report("read", *PEOPLE[1:3])
    rehearsal.report("failed", PEOPLE[5])
    assert sums(rehearsal) == (5, 4, 2, 1)
    code = rehearsal.recipients(campaign_id)[PEOPLE[5]].error_code
    with rehearsal.organization():
        service.retry_failed(get_campaign(campaign_id), code, "Alice")
        db.session.commit()
    assert sums(rehearsal) == (5, 4, 2, 1)  # what was, was
    while rehearsal.send(campaign_id) is not None:
        rehearsal.let_time_pass()
    assert sums(rehearsal) == (6, 4, 2, 1)


def test_the_last_hour_has_every_minute_and_the_running_one(rehearsal: Rehearsal) -> None:
    rehearsal.contacts(*PEOPLE)
    rehearsal.sent()
    now = utcnow()
    with rehearsal.organization():
        first = select(func.min(CampaignRecipient.id)).scalar_subquery()
        shift(CampaignRecipient.id == first, now - timedelta(minutes=60))
        shift(CampaignRecipient.id == first + 1, now - timedelta(minutes=61))  # no longer shown
        shown = message_minutes.of_last_hour(now)
    assert len(shown.labels) == len(shown.accepted) == 61
    assert shown.accepted[0] == 1
    assert sum(shown.accepted) == len(PEOPLE) + 1  # the first counts in its old minute and in its new one
    assert not shown.is_empty


def shift(condition: object, at: datetime) -> None:
    for moment in (None, at):
        db.session.execute(update(CampaignRecipient).where(condition).values(accepted_at=moment))  # type: ignore[arg-type]


@pytest.mark.parametrize("minutes, shown", [(0.5, None), (1.9, None), (2.1, 3), (30, 31), (500, 61)])
def test_a_campaign_shows_its_first_hour_once_there_is_something_to_draw(
    rehearsal: Rehearsal, minutes: float, shown: int | None
) -> None:
    rehearsal.contacts(PEOPLE[0])
    campaign_id = rehearsal.sent()
    began = utcnow().replace(second=0, microsecond=0)
    with rehearsal.organization():
        campaign = db.session.get_one(Campaign, campaign_id)
        campaign.started_at, campaign.finished_at = began, began + timedelta(minutes=minutes)
        found = message_minutes.of_campaign(campaign, began + timedelta(days=1))
    assert (None if found is None else len(found.labels)) == shown

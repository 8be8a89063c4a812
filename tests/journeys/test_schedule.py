"""A weekly campaign in real processes: its hour comes, it goes to everybody once; put back, it goes to nobody again."""

from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import select, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.demo.http import wait_until
from adsapp.schedules.models import Schedule, ScheduleFire
from tests.journeys.conftest import Journey
from tests.waiting import wait_for

PEOPLE = [{"phone": f"+1202555014{place}", "first_name": f"Row{place}"} for place in range(5)]
WEEKLY = {
    "name": "Weekly",
    "kind": "start-campaign",
    "when": "0 9 * * 1",
    "time_zone": "Europe/Madrid",
    "params": {
        "name": "Weekly offer",
        "template": {"name": "welcome", "language": "en_US"},
        "variables": {"1": {"field": "first_name", "fallback": "there"}},
        "audience": {"all": True},
    },
}


def move_the_clock(journey: Journey) -> None:
    """To its next run: what is due then is due now."""
    with db.organization_context(journey.app, journey.cast.bakery_id):
        db.session.execute(update(Schedule).values(next_run_at=utcnow().replace(microsecond=0)))
        db.session.commit()


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_a_weekly_campaign_goes_when_its_time_has_come(journey: Journey) -> None:
    journey.installation.start_sandbox(journey.webhook_url)
    journey.installation.start_web()
    for _ in range(2):
        journey.installation.start_worker()
    api = journey.api
    wait_until(lambda: api.get("/api/templates")["templates"], 60, "the templates")
    job = api.post("/api/jobs/import-contacts", {"contacts": PEOPLE})["job"]["id"]
    wait_until(lambda: api.get(f"/api/jobs/{job}")["state"] == "completed", 60, "the import")
    schedule = api.post("/api/schedules", WEEKLY)["schedule"]
    assert api.get("/api/campaigns")["campaigns"] == []

    move_the_clock(journey)
    sent = wait_until(lambda: _delivered(journey), 60, "the campaign of the schedule")
    assert sent["name"].startswith("Weekly offer · ")
    assert sent["created_by"] == "schedule Weekly"
    assert sorted(message["to"] for message in journey.installation.ledger()) == [each["phone"] for each in PEOPLE]
    (run,) = api.get(f"/api/schedules/{schedule['id']}/runs")["runs"]
    assert run["subject"] == f"campaign:{sent['id']}"
    wait_until(lambda: _last_state(journey, schedule["id"]) == "completed", 60, "the end of the run")

    _put_back(journey)
    wait_for(lambda: _next_run(journey) > utcnow(), 30, "the schedule moves on")
    assert len(api.get("/api/campaigns")["campaigns"]) == 1
    assert len(journey.installation.ledger()) == len(PEOPLE)


def _delivered(journey: Journey) -> dict[str, Any] | None:
    for campaign in journey.api.get("/api/campaigns")["campaigns"]:
        if campaign["counts"]["delivered_total"] == len(PEOPLE):
            found: dict[str, Any] = campaign
            return found
    return None


def _last_state(journey: Journey, schedule_id: str) -> str:
    state: str = journey.api.get(f"/api/schedules/{schedule_id}/runs")["runs"][0]["job"]["state"]
    return state


def _put_back(journey: Journey) -> None:
    """As a restored backup does, to the very time that was fired."""
    with db.organization_context(journey.app, journey.cast.bakery_id):
        fired = db.session.scalars(select(ScheduleFire.fire_at)).one()
        db.session.execute(update(Schedule).values(next_run_at=fired))
        db.session.commit()


def _next_run(journey: Journey) -> datetime:
    with db.organization_context(journey.app, journey.cast.bakery_id), db.reading():
        found = db.session.scalars(select(Schedule.next_run_at)).one()
        assert found is not None
        return found

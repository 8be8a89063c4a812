"""The whole path in real processes, through the API alone."""

import json
from collections import Counter
from typing import Any

from adsapp.demo import once
from adsapp.demo.http import wait_until
from tests.journeys.conftest import Journey


def test_file_to_delivered_message_through_the_api_alone(journey: Journey) -> None:
    journey.installation.start_sandbox(journey.webhook_url)
    journey.installation.start_web()
    journey.installation.start_worker()
    checks = once.run(journey.api, journey.installation.settings.sandbox_url, lambda *_: None)
    assert [check for check in checks if not check.holds] == []


def campaign_counts(journey: Journey, campaign_id: str) -> tuple[dict[str, Any], Counter[str]]:
    """The campaign and its people by status."""
    campaign = journey.api.get(f"/api/campaigns/{campaign_id}?limit=1")["campaign"]
    return campaign, Counter(campaign["counts"]["by_status"])


def import_people(journey: Journey, count: int) -> str:
    """Import so many people through the API; the import's id once it is completed."""
    from adsapp.demo.people import people

    contacts = [{"phone": person.phone, "first_name": person.first_name} for person in people(count)]
    answer = journey.api.post("/api/jobs/import-contacts", {"contacts": contacts})
    done = wait_until(lambda: _completed(journey, answer["job"]["id"]), 60, "the import")
    assert done["state"] == "completed", json.dumps(done)
    import_id: str = answer["import"]["id"]
    return import_id


def _completed(journey: Journey, job_id: str) -> dict[str, Any] | None:
    job: dict[str, Any] = journey.api.get(f"/api/jobs/{job_id}")
    return job if job["state"] in ("completed", "failed", "cancelled") else None

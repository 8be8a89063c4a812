"""What people do with campaigns and imports is in the activity, whichever way they asked for it."""

import re
import uuid
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp import jobs
from adsapp.campaigns import queries as campaigns
from adsapp.campaigns import service
from adsapp.core import db
from adsapp.jobs import State
from adsapp.outbound.statuses import OutboundStatus
from tests.activity.test_page import rows
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast, csrf_token
from tests.contacts.conftest import start

__all__ = ["start"]


def deeds(client: FlaskClient, cast: Cast) -> list[tuple[str, str, str | None]]:
    """Who, what, why, newest first."""
    answer = client.get("/api/activity", headers=cast.headers("alice")).json
    assert answer is not None
    return [(each["actor"], each["words"], each["reason"]) for each in answer["activity"]]


def test_a_campaign_s_life_is_told_with_its_reasons(app: Flask, client: FlaskClient, cast: Cast) -> None:
    scene = set_the_scene(app, cast)
    cast.sign_in(client, "bob")
    token = csrf_token(client)
    made = client.post("/campaigns", data={"csrf_token": token, **scene.form(confirmed="4")})
    assert made.status_code == 303, made.text
    address = made.headers["Location"]
    for verb, more in (("pause", {"reason": "The text is checked"}), ("resume", {}), ("cancel", {})):
        done = client.post(f"{address}/{verb}", data={"csrf_token": token, "confirmed": "4", **more})
        assert done.status_code == 303, (verb, done.text)
    assert deeds(client, cast) == [
        ("Bob", "Cancelled a campaign", None),
        ("Bob", "Resumed a campaign", None),
        ("Bob", "Paused a campaign", "The text is checked"),
        ("Bob", "Started a campaign", None),
        ("Bob", "Signed in", None),
    ]
    page = cast.sign_in(app.test_client(), "alice").get("/activity").text
    assert f'href="{address}"' in page


@pytest.mark.parametrize(
    "status, what, told",
    [
        (OutboundStatus.COMPLETED, "assume_delivered", "Took uncertain messages as delivered"),
        (OutboundStatus.COMPLETED, "send_again", "Sent uncertain messages again"),
    ],
)
def test_a_decision_tells_how_many_it_was_about(
    app: Flask, client: FlaskClient, cast: Cast, status: OutboundStatus, what: str, told: str
) -> None:
    campaign_id = set_the_scene(app, cast).campaign(status)
    with db.organization_context(app, cast.bakery_id):
        count = service.settle_uncertain(campaigns.get_campaign(campaign_id), what, "Alice").count
        db.session.commit()
    (row,) = rows(client.get("/activity", headers=cast.headers("alice")).text)
    assert re.search(rf"Alice {told} .* {count} –$", row)


def test_what_nobody_did_is_not_in_the_activity(app: Flask, client: FlaskClient, cast: Cast) -> None:
    campaign_id = set_the_scene(app, cast).campaign(OutboundStatus.SENDING)
    with db.organization_context(app, cast.bakery_id):
        service.pause(campaigns.get_campaign(campaign_id), "Too many were refused")
        db.session.commit()
    assert deeds(client, cast) == []


def test_a_job_that_its_campaign_brought_back_says_who_wanted_it(app: Flask, client: FlaskClient, cast: Cast) -> None:
    campaign_id = set_the_scene(app, cast).campaign(OutboundStatus.SENDING)
    with db.organization_context(app, cast.bakery_id):
        job = jobs.enqueue("bulk-message", {"campaign_id": str(campaign_id)}, subject=f"campaign:{campaign_id}")
        campaign = campaigns.get_campaign(campaign_id)
        campaign.job_id, job_id = job.id, job.id
        db.session.flush()
        job.state, job.error = State.FAILED, "The provider was away"
        db.session.flush()
        service.resume(campaign, "Adam")
        db.session.commit()
    page = cast.sign_in(client, "vera").get(f"/jobs/{job_id}").text
    for words in ("Failed for good", "The provider was away", "Retried", "by Adam"):
        assert words in page


def test_an_import_is_told_by_the_name_of_its_file(
    client: FlaskClient, cast: Cast, start: Callable[..., uuid.UUID]
) -> None:
    import_id = start("name,phone\nAnn,+15550100001\n", "march.csv")
    assert deeds(client, cast) == [("Alice", "Started an import", None)]
    page = client.get("/activity", headers=cast.headers("alice")).text
    assert f'<a class="main" href="/imports/{import_id}">march.csv</a>' in page

"""What a template came to: from counters, period beside period."""

from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.campaigns.models import Campaign
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries.by_template import results_of
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.outbound.statuses import OutboundStatus
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


def test_results_add_up_over_the_campaigns_of_each_period(scene: Scene, client: FlaskClient) -> None:
    people = {Status.READ: 2, Status.DELIVERED: 1, Status.FAILED: 1, Status.SKIPPED: 5, Status.PENDING: 1}
    codes = {Status.FAILED: "131026"}
    for days, replied in ((1, 1), (20, 2), (60, 4), (100, 8)):
        campaign_id = scene.campaign(OutboundStatus.COMPLETED, people, codes)
        with db.organization_context(scene.app, scene.cast.bakery_id):
            campaign = db.session.get_one(Campaign, campaign_id)
            campaign.started_at, campaign.replied_count = utcnow() - timedelta(days=days), replied
            db.session.commit()
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        week, month, quarter = results_of("spring", "en")
        assert results_of("plain", "de")[2].campaigns == 0
    assert [(each.campaigns, each.replied) for each in (week, month, quarter)] == [(1, 1), (2, 3), (3, 7)]
    assert (quarter.sent, quarter.delivered, quarter.read, quarter.failed) == (12, 9, 6, 3)
    assert quarter.failed_by_code == (("131026", 3),)
    vera = scene.cast.sign_in(client, "vera")
    page = vera.get(f"/templates/{scene.templates['spring']}/results").text
    assert "75 %" in page
    part = vera.get(f"/templates/{scene.templates['spring']}/results", headers={"HX-Request": "true"}).text
    assert "<html" not in part
    unused = vera.get(f"/templates/{scene.templates['plain']}/results").text
    assert "No campaign used it in 90 days" in unused
    assert vera.get("/templates/x/results").status_code == 404


def test_the_templates_page_asks_for_them(scene: Scene, client: FlaskClient) -> None:
    place = f"/templates/{scene.templates['spring']}"
    assert f'hx-get="{place}/results"' in scene.cast.sign_in(client, "vera").get(place).text

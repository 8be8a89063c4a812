"""The campaign API: shapes, rights, and errors that name their place."""

import uuid
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from adsapp.campaigns.service import CampaignIn, preflight, preview
from adsapp.contacts.models import Contact, OptSource, Tag
from adsapp.contacts.opt_outs import opt_out
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.organizations.auditing import By
from tests.campaigns.rehearsal import Rehearsal, refused
from tests.campaigns.scene import set_the_scene
from tests.cast import Cast
from tests.statements import recorded
from tests.waiting import wait_for

A, B = "+12025550100", "+12025550101"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Welcome",
        "template": {"name": "welcome", "language": "en_US"},
        "variables": {"1": {"field": "first_name", "fallback": "there"}},
        "audience": {"all": True},
        **changes,
    }


def get(rehearsal: Rehearsal, client: FlaskClient, path: str, who: str = "bob") -> Any:
    return client.get(path, headers=rehearsal.cast.headers(who)).json


def post(rehearsal: Rehearsal, client: FlaskClient, who: str = "bob", **changes: Any) -> Any:
    return client.post("/api/jobs/bulk-message", json=body(**changes), headers=rehearsal.cast.headers(who))


def test_a_campaign_goes_out_through_the_api(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(A, B)
    with recorded(rehearsal.app) as statements:
        answer = post(rehearsal, client)
    assert answer.status_code == 202
    assert sum("row_number()" in each for each in statements) == 1, "the audience is counted once"
    assert answer.headers["Location"] == f"/api/jobs/{answer.json['job']['id']}"
    campaign_id = answer.json["campaign"]["id"]
    assert rehearsal.send(uuid.UUID(campaign_id)) is None
    assert rehearsal.provider.numbers() == [A, B]
    shown = get(rehearsal, client, f"/api/campaigns/{campaign_id}", "bob")
    assert shown["campaign"]["counts"]["accepted_total"] == 2
    assert [one["phone"] for one in shown["recipients"]] == [A, B]
    items = get(rehearsal, client, f"/api/jobs/{answer.json['job']['id']}/items", "bob")["items"]
    assert [one["key"] for one in items] == [A, B]


@pytest.mark.both
def test_the_same_campaign_under_the_same_key_is_sent_once(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(A, B)

    def ask(**changes: Any) -> Any:
        headers = rehearsal.cast.headers("bob") | {"Idempotency-Key": "spring-1"}
        return client.post("/api/jobs/bulk-message", json=body(**changes), headers=headers)

    first, second = ask(), ask()
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json == second.json
    assert len(get(rehearsal, client, "/api/campaigns", "bob")["campaigns"]) == 1
    other = ask(name="Another name")
    assert (other.status_code, other.json["code"]) == (409, "idempotency_key_reused")


def test_recipients_are_paged_and_filtered(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(*[f"+120255501{place:02}" for place in range(5)])
    campaign_id = post(rehearsal, client).json["campaign"]["id"]
    assert rehearsal.send(uuid.UUID(campaign_id)) is None
    seen: list[str] = []
    cursor = ""
    while cursor is not None:
        page = get(rehearsal, client, f"/api/campaigns/{campaign_id}?limit=2&cursor={cursor}")
        seen += [one["phone"] for one in page["recipients"]]
        cursor = page["next"]
    assert seen == [f"+120255501{place:02}" for place in range(5)]
    failed = get(rehearsal, client, f"/api/campaigns/{campaign_id}?status=failed", "bob")
    assert failed["recipients"] == []
    wrong = get(rehearsal, client, f"/api/campaigns/{campaign_id}?status=lost")
    assert (wrong["status"], wrong["errors"][0]["field"]) == (422, "status")


def test_viewers_see_masked_numbers_and_send_nothing(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(A)
    assert post(rehearsal, client, "vera").status_code == 403
    campaign_id = post(rehearsal, client).json["campaign"]["id"]
    assert rehearsal.send(uuid.UUID(campaign_id)) is None
    text = client.get(f"/api/campaigns/{campaign_id}", headers=rehearsal.cast.headers("vera")).text
    assert "2025550100" not in text
    assert "wamid." not in text


def test_another_organization_sees_nothing(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(A)
    campaign_id = post(rehearsal, client).json["campaign"]["id"]
    assert client.get(f"/api/campaigns/{campaign_id}", headers=rehearsal.cast.headers("charlie")).status_code == 404
    assert get(rehearsal, client, "/api/campaigns", "charlie")["campaigns"] == []


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)  # what is checked is the same on both
@pytest.mark.parametrize(
    "changes, field, words",
    [
        ({"template": {"name": "welcom", "language": "en_US"}}, "template.name", "did you mean 'welcome'"),
        ({"template": {"name": "welcome", "language": "de"}}, "template.language", "en_US"),
        ({"template": {"name": "prize_draw", "language": "en_US"}}, "template.name", "WhatsApp rejected it. Change"),
        ({"variables": {}}, "variables.body.1", "no value is given"),
        ({"variables": {"2": {"value": "x"}}}, "variables.2", "no such variable"),
        ({"audience": {"tags": ["vip"]}}, "audience.tags[0]", "There is no tag 'vip'"),
        ({"audience": {}}, "audience", "Choose an audience"),
        ({"audience": {"all": True, "tags": ["x"]}}, "audience", "not both"),
        ({"audience": {"contact_ids": ["nobody"]}}, "audience.contact_ids[0]", "There is no contact nobody"),
        ({"audience": {"import_id": "nothing"}}, "audience.import_id", "There is no import nothing"),
        ({"audience": {"everyone": True}}, "audience.everyone", "Not known"),
        ({"name": " "}, "name", "Give the campaign a name"),
        ({"priority": 9}, "priority", "1 (critical) to 4 (low)"),
        ({"scheduled_at": "2020-01-01T00:00:00Z"}, "scheduled_at", "past"),
        ({"scheduled_at": "2027-01-01T00:00:00", "time_zone": "Mars/Olympus"}, "time_zone", "Mars/Olympus"),
        ({"template": None}, "template.name", "Choose a template"),
        ({"text": "Hi"}, "text", "not both"),
        ({"template": None, "text": " "}, "text", "empty"),
        ({"surprise": 1}, "surprise", "not permitted"),
    ],
)
def test_each_mistake_names_its_place(
    rehearsal: Rehearsal, client: FlaskClient, changes: dict[str, Any], field: str, words: str
) -> None:
    answer = post(rehearsal, client, **changes)
    assert answer.status_code == 422, answer.text
    messages = {error["field"]: error["message"] for error in answer.json["errors"]}
    assert words in messages[field], messages
    assert get(rehearsal, client, "/api/campaigns", "bob")["campaigns"] == []


def test_a_scheduled_campaign_waits_and_its_cancelled_job_cancels_it(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(A)
    later = (utcnow() + timedelta(hours=1)).isoformat()
    answer = post(rehearsal, client, scheduled_at=later).json
    assert (answer["campaign"]["status"], answer["job"]["state"], answer["job"]["priority"]) == (
        "scheduled",
        "delayed",
        2,
    )
    job = client.delete(f"/api/jobs/{answer['job']['id']}", headers=rehearsal.cast.headers("bob"))
    assert job.status_code == 200
    assert rehearsal.campaign(uuid.UUID(answer["campaign"]["id"])).status == "cancelled"


def test_the_cancelled_job_of_a_paused_campaign_skips_the_rest(rehearsal: Rehearsal, client: FlaskClient) -> None:
    rehearsal.contacts(*[f"+1202555{place:04}" for place in range(100)])
    rehearsal.pace(50)
    rehearsal.provider.always(refused(132015, http_status=400))
    rehearsal.start_worker()
    answer = post(rehearsal, client).json
    campaign_id = uuid.UUID(answer["campaign"]["id"])
    rehearsal.wait_for_status(campaign_id, "paused")

    path, headers = f"/api/jobs/{answer['job']['id']}", rehearsal.cast.headers("bob")
    wait_for(lambda: get(rehearsal, client, path)["state"] == "delayed", what="it came to its stop")
    assert client.delete(path, headers=headers).status_code == 200
    wait_for(lambda: rehearsal.counts(campaign_id).to_go == 0, what="the rest is skipped")
    assert rehearsal.campaign(campaign_id).status == "cancelled"
    assert rehearsal.counts(campaign_id).adds_up


def test_templates_are_listed_with_their_variables(rehearsal: Rehearsal, client: FlaskClient) -> None:
    found = get(rehearsal, client, "/api/templates", "vera")["templates"]
    by_name = {one["name"]: one for one in found}
    assert [one["key"] for one in by_name["order_update"]["variables"]] == ["body.first_name", "body.order_id"]
    assert by_name["prize_draw"]["can_be_sent"] is False
    assert by_name["prize_draw"]["why_not"].startswith("WhatsApp rejected it. Change its text and submit it again")
    assert "promotional" in by_name["prize_draw"]["why_not"]


def test_preflight_counts_as_freezing_does(rehearsal: Rehearsal) -> None:
    ids = rehearsal.contacts("+5511987654321", "+551187654321", A, B)
    rehearsal.contacts("+12025550102", first_name="")
    with rehearsal.organization():
        opt_out(db.session.get_one(Contact, ids[3]), OptSource.HAND, by=By("Alice"))
        db.session.add(Tag(organization_id=rehearsal.cast.bakery_id, name="vip"))
        db.session.commit()
    asked = CampaignIn("Welcome", "welcome", "en_US", {"1": {"field": "first_name"}}, {"all": True})
    with rehearsal.organization(), db.reading():
        report = preflight(asked)
        shown = preview(asked, 2)
        nobody = preflight(CampaignIn("Welcome", "welcome", "en_US", {"1": {"value": "you"}}, {"tags": ["vip"]}))
    assert (report.audience, report.duplicates, report.opted_out, report.missing, report.will_send) == (5, 1, 1, 1, 2)
    assert report.can_start
    assert report.missing_sample == ("Row 1",)
    assert report.seconds == pytest.approx(2 / 500)
    assert shown is not None
    assert shown.rendered is not None
    assert "Hello Row3" in shown.rendered.text
    assert not nobody.can_start
    campaign_id = rehearsal.sent(variables={"1": {"field": "first_name"}})
    counts = rehearsal.counts(campaign_id)
    assert (counts.accepted_total, counts.skipped) == (2, 2)


def test_notes_of_the_form_stand_in_the_answer_and_an_attribute_that_nobody_has_is_refused(
    app: Flask, client: FlaskClient, cast: Cast
) -> None:
    set_the_scene(app, cast)

    def ask(**source: str) -> Any:
        body = {
            "name": "Offer",
            "template": {"name": "spring", "language": "en"},
            "variables": {"1": source, "2": {"value": "Saturday"}},
            "audience": {"all": True},
        }
        return client.post("/api/campaigns", json=body, headers=cast.headers("bob"))

    refused = ask(field="attribute:shpo")
    assert refused.status_code == 422
    assert refused.json["errors"] == [
        {
            "field": "variables.body.1",
            "message": "Variable body.1: No contact has a value in the column “shpo”; did you mean 'shop'? "
            "Choose another, or give a fallback",
        }
    ]
    warned = ask(field="attribute:shpo", fallback="our shop")
    assert warned.status_code == 202
    assert "Everybody gets “our shop”" in [note["text"] for note in warned.json["notes"]]
    missing = ask(field="first_name").json["notes"]
    assert ("A variable has no value: left out", "1") in [(note["text"], note["value"]) for note in missing]
    assert ask(field="attribute:shop").status_code == 202

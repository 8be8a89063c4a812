"""The page, the API and the command line over the same trial."""

import csv
import io
import re
import uuid
from typing import Any, cast

import pytest
from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.jobs import Progress
from adsapp.renderings import run
from tests.campaigns.rehearsal import ByHand, Rehearsal
from tests.cast import csrf_token

ANA, BEN, CHIDI = "+12025530001", "+12025530002", "+12025530003"
BODY: dict[str, Any] = {
    "template": {"name": "welcome", "language": "en_US"},
    "variables": {"1": {"field": "first_name", "format": "title"}},
    "audience": {"all": True},
}


@pytest.fixture
def people(rehearsal: Rehearsal) -> Rehearsal:
    rehearsal.contacts(ANA, first_name="ANA", name="Ana Test")
    rehearsal.contacts(BEN, first_name="", name="=Ben")
    rehearsal.contacts(CHIDI, first_name="<b>Chidi")
    return rehearsal


def work(rehearsal: Rehearsal, rendering_id: str) -> None:
    with rehearsal.organization():
        run.run_rendering(uuid.UUID(rendering_id), cast(Progress, ByHand()))


def template_id(rehearsal: Rehearsal, client: FlaskClient, name: str = "welcome") -> str:
    listed = client.get("/api/templates", headers=rehearsal.cast.headers("bob")).get_json()["templates"]
    return str(next(each["id"] for each in listed if each["name"] == name))


def form(rehearsal: Rehearsal, client: FlaskClient, **more: str) -> dict[str, str]:
    sources = {"source.body.1": "first_name", "format.body.1": "title"}
    return {"template": template_id(rehearsal, client), "audience": "all", **sources, **more}


def test_a_person_tries_a_template_and_sends_it_on_to_those_who_can_get_it(
    people: Rehearsal, client: FlaskClient
) -> None:
    bob = people.cast.sign_in(client, "bob")
    typed = form(people, client)
    shown = bob.get("/renderings/new", query_string=typed).text
    assert "Try it on 3 people" in shown
    assert "Written each word with a capital" in shown
    answer = bob.post("/renderings", data={**typed, "csrf_token": csrf_token(bob)})
    assert answer.status_code == 303, answer.text
    place = answer.headers["Location"]
    waiting = bob.get(place).text
    assert "hx-get" in waiting
    work(people, place.rpartition("/")[2])
    with people.organization():
        db.session.execute(
            db.db.text("update jobs set state = 'completed'"), execution_options={"names_organization": True}
        )
        db.session.commit()
    page = bob.get(place).text
    assert "Some cannot get it yet" in page
    assert "{{1}} is empty" in page
    assert "Ana Test" not in page, "those with a problem come first"
    others = bob.get(place, query_string={"outcome": "rendered"}).text
    assert "<mark>Ana</mark>" in others
    assert "&lt;b&gt;Chidi" in others
    send = re.search(r'href="(/campaigns/new\?[^"]+)"', page)
    assert send is not None
    compose = bob.get(send[1].replace("&amp;", "&")).text
    assert "Of the trial" in compose
    assert "Review, then send to 2 people" in " ".join(re.sub("<[^>]+>", " ", compose).split())


def test_what_is_wrong_in_the_form_is_told_beside_its_field(people: Rehearsal, client: FlaskClient) -> None:
    bob = people.cast.sign_in(client, "bob")
    token = csrf_token(bob)
    refused = bob.post("/renderings", data={**form(people, client, **{"source.body.1": ""}), "csrf_token": token})
    assert refused.status_code == 422
    assert "Choose where {{1}} comes from" in refused.text
    nothing = bob.post("/renderings", data={"csrf_token": token})
    assert nothing.status_code == 422
    assert "Choose a template" in nothing.text


def test_the_results_are_taken_along_as_csv_that_no_spreadsheet_runs(people: Rehearsal, client: FlaskClient) -> None:
    made = client.post("/api/jobs/process-template", json=BODY, headers=people.cast.headers("bob")).get_json()
    work(people, made["rendering"]["id"])
    path = f"/renderings/{made['rendering']['id']}/rows.csv"
    assert people.cast.sign_in(client, "bob").get(path).status_code == 403
    file = people.cast.sign_in(client, "adam").get(path)
    rows = list(csv.DictReader(io.StringIO(file.data.decode("utf-8-sig"))))
    assert [row["outcome"] for row in rows] == ["rendered", "failed", "rendered"]
    assert rows[0]["text"].startswith("Hello Ana, welcome")
    assert rows[0]["body.1"] == "Ana"
    assert (rows[1]["name"], rows[1]["variable"]) == ("'=Ben", "body.1")


def test_a_program_asks_reads_page_by_page_and_is_answered_the_same_for_its_key(
    people: Rehearsal, client: FlaskClient
) -> None:
    headers = people.cast.headers("bob") | {"Idempotency-Key": "once"}
    answer = client.post("/api/jobs/process-template", json=BODY, headers=headers)
    assert answer.status_code == 202
    made = answer.get_json()
    assert answer.headers["Location"] == f"/api/jobs/{made['job']['id']}"
    again = client.post("/api/jobs/process-template", json=BODY, headers=headers).get_json()
    assert again["rendering"]["id"] == made["rendering"]["id"]
    other = client.post("/api/jobs/process-template", json={**BODY, "audience": {"tags": []}}, headers=headers)
    assert other.status_code == 409
    rendering_id = made["rendering"]["id"]
    work(people, rendering_id)
    url, headers = f"/api/renderings/{rendering_id}", people.cast.headers("bob")
    told = client.get(url, headers=headers).get_json()["rendering"]
    assert (told["rendered"], told["failed"], told["failed_by_code"]) == (2, 1, {"missing_variable": 1})
    first = client.get(f"{url}/rows?limit=1", headers=headers).get_json()
    assert first["rows"][0]["text"].startswith("Hello Ana")
    second = client.get(f"{url}/rows?limit=1&cursor={first['next']}", headers=headers).get_json()
    assert second["rows"][0]["error"] == {
        "code": "missing_variable",
        "variable": "body.1",
        "message": "{{1}} is empty",
    }
    failed = client.get(f"{url}/rows?outcome=failed", headers=headers).get_json()["rows"]
    assert [row["number"] for row in failed] == [2]
    assert client.get(f"{url}/rows?outcome=odd", headers=headers).status_code == 422
    items = client.get(f"/api/jobs/{made['job']['id']}/items?status=failed", headers=headers).get_json()["items"]
    assert [(item["code"], item["message"]) for item in items] == [("missing_variable", "{{1}} is empty")]
    viewer = client.get(f"{url}/rows", headers=people.cast.headers("vera")).get_json()["rows"]
    assert {row["text"] for row in viewer} == {None}
    assert not any("0001" in str(row["phone"]) and "5530" in str(row["phone"]) for row in viewer)


@pytest.mark.parametrize(
    "body, status, field",
    [
        ({**BODY, "rows": [{}]}, 422, "rows"),
        (
            {"template": BODY["template"], "variables": BODY["variables"], "rows": [{"phone": "1"}]},
            422,
            "rows[0].phone",
        ),
        ({"template": BODY["template"], "variables": BODY["variables"], "rows": [{}] * 10_001}, 422, "rows"),
        ({**BODY, "template": {"name": "nothing", "language": "en"}}, 422, "template.name"),
        ({**BODY, "variables": {"1": {"field": "name", "format": "titel"}}}, 422, "variables.body.1"),
        ({"rows": 5}, 422, "template"),
    ],
)
def test_bad_input_is_answered_at_its_place(
    people: Rehearsal, client: FlaskClient, body: dict[str, Any], status: int, field: str
) -> None:
    answer = client.post("/api/jobs/process-template", json=body, headers=people.cast.headers("bob"))
    assert answer.status_code == status, answer.text
    assert field in [error["field"] for error in answer.get_json()["errors"]]


def test_a_viewer_may_look_and_not_try(people: Rehearsal, client: FlaskClient) -> None:
    answer = client.post("/api/jobs/process-template", json=BODY, headers=people.cast.headers("vera"))
    assert answer.status_code == 403
    made = client.post("/api/jobs/process-template", json=BODY, headers=people.cast.headers("bob")).get_json()
    work(people, made["rendering"]["id"])
    page = people.cast.sign_in(client, "vera").get(f"/renderings/{made['rendering']['id']}?outcome=rendered").text
    assert "hidden from viewers" in page
    assert "welcome to Harbour" not in page
    assert ANA[-4:] not in page or ANA[:8] not in page

"""What somebody who meets the pages for the first time stumbles over: each mistake is named, nothing is lost."""

import io

from flask import Flask
from flask.testing import FlaskClient

from adsapp.core import db
from adsapp.organizations.models import Organization
from tests.cast import Cast, csrf_token


def add(client: FlaskClient, **fields: str) -> tuple[int, str]:
    """Send the form of a new contact; status and page."""
    token = csrf_token(client)
    answer = client.post("/contacts", data={"csrf_token": token, "attributes": "", "tags": "", **fields})
    return answer.status_code, answer.text


def test_a_wrong_language_is_refused_in_plain_words(client: FlaskClient, cast: Cast) -> None:
    status, page = add(cast.sign_in(client, "alice"), phone="+12025550101", language="klingonish")
    assert status == 422
    assert "should be a language code such as en or pt_BR" in page
    assert "pattern" not in page.split("<main", 1)[1]
    sent = {"phone": "+12025550101", "language": "klingonish"}
    answer = client.post("/api/contacts", json=sent, headers=cast.headers("alice"))
    assert "such as en or pt_BR" in answer.json["errors"][0]["message"]  # type: ignore[index]


def test_a_line_of_attributes_without_a_colon_is_named_and_kept(client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    status, page = add(alice, phone="+12025550101", attributes="city: Riga\nnonsense")
    assert status == 422
    assert "Line 2, “nonsense”" in page
    assert "city: Riga\nnonsense" in page


def test_a_known_number_leads_to_its_contact(client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    add(alice, phone="+12025550101", name="Kim")
    status, page = add(alice, phone="+12025550101")
    assert status == 409
    assert "Open the contact" in page


def test_a_number_is_found_in_its_local_form(app: Flask, client: FlaskClient, cast: Cast) -> None:
    with db.organization_context(app, cast.bakery_id):
        db.session.get_one(Organization, cast.bakery_id).default_country = "DE"
        db.session.commit()
    alice = cast.sign_in(client, "alice")
    add(alice, phone="+4915123456789", name="Kim Wagner")
    assert "Kim Wagner" in alice.get("/contacts?q=0151 23456789").text
    assert "Kim Wagner" not in alice.get("/contacts?q=0151 23456780").text
    add(alice, phone="+442079460501", name="Ann O’Neil")
    for words in ("020 7946 0501", "+44 (0)20 7946 0501", "0207946", "oneil", "O'Neil"):
        found = client.get("/api/contacts", query_string={"search": words}, headers=cast.headers("alice")).json
        assert [one["name"] for one in found["contacts"]] == ["Ann O’Neil"], words  # type: ignore[index]
    found = client.get("/api/contacts?search=0151 23456789", headers=cast.headers("alice")).json
    assert [one["name"] for one in found["contacts"]] == ["Kim Wagner"]  # type: ignore[index]


def test_a_file_over_the_limit_brings_the_upload_page_back(app: Flask, client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    assert 'data-max-bytes="100000000"' in alice.get("/imports/new").text
    length = {"CONTENT_LENGTH": str(120_000_000)}
    answer = alice.post("/imports", input_stream=io.BytesIO(b"x"), environ_overrides=length)
    assert answer.status_code == 413
    assert "is 120 MB, which is larger than this installation takes: 100 MB" in answer.text
    assert "data-drop" in answer.text
    assert 'class="sidebar"' in answer.text or 'id="sidebar"' in answer.text


def test_an_error_of_somebody_signed_in_stays_in_their_frame(client: FlaskClient, cast: Cast) -> None:
    page = cast.sign_in(client, "vera").get("/contacts/no-such").text
    assert 'id="sidebar"' in page
    assert page.count("<main") == 1


def test_the_roots_of_the_api_answer_programs(client: FlaskClient, cast: Cast) -> None:
    for path in ("/api", "/api/"):
        answer = client.get(path)
        assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")


def test_opting_out_asks_first_and_keeps_the_reason(client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    token = csrf_token(alice)
    sent = {"csrf_token": token, "phone": "+12025550101", "attributes": "", "tags": ""}
    url = alice.post("/contacts", data=sent).headers["Location"]
    assert f'href="{url}/opt-out"' in alice.get(url).text
    assert "Why (optional)" in alice.get(f"{url}/opt-out").text
    alice.post(f"{url}/opt-out", data={"csrf_token": token, "detail": "Asked on the phone"})
    assert "Asked on the phone" in alice.get(url).text


def test_the_list_of_imports_says_what_was_not_started_and_discards_it(client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    token = csrf_token(alice)
    file = (io.BytesIO(b"name,city\nKim,Riga\n"), "walk-ins.csv")
    url = alice.post("/imports", data={"csrf_token": token, "file": file}).headers["Location"]
    assert "no column looks like phone numbers" in alice.get(url).text
    page = alice.get("/imports").text
    assert "not started" in page
    assert "Duplicate" in page
    answer = alice.post(f"{url}/discard", data={"csrf_token": token, "back": "list"})
    assert answer.headers["Location"] == "/imports"
    assert "not started" not in alice.get("/imports").text


def test_an_empty_file_is_refused_without_a_place(client: FlaskClient, cast: Cast) -> None:
    alice = cast.sign_in(client, "alice")
    token = csrf_token(alice)
    page = alice.post("/imports", data={"csrf_token": token, "file": (io.BytesIO(b""), "a.csv")}).text
    assert "The file is empty. Choose a file" in page

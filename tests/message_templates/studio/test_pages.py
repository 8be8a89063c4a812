"""A template is written, mended, submitted, reviewed, changed and deleted, at a real sandbox, in both shapes."""

import html
import re
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.jobs import Queue
from adsapp.message_templates import history
from adsapp.message_templates.models import MessageTemplate
from tests.cast import csrf_token
from tests.live import Live
from tests.waiting import wait_for

TYPED: dict[str, str] = {
    "name": "order_ready",
    "language": "en",
    "category": "UTILITY",
    "body": "Hello {{1}}, order {{2}} is ready.",
    "footer": "Reply STOP to leave",
    "example.body.1": "Ana",
    "example.body.2": "12",
    "button_type.0": "URL",
    "button_text.0": "Look",
    "button_value.0": "https://shop.example/orders/{{1}}",
    "example.button.0.1": "https://shop.example/orders/12",
}


@pytest.fixture
def adam(live: Live, client: FlaskClient) -> FlaskClient:
    """Signed in as an admin, who may write templates."""
    return live.cast.sign_in(client, "adam")


def post(client: FlaskClient, path: str, **fields: str) -> tuple[int, str, str]:
    answer = client.post(path, data={**fields, "csrf_token": csrf_token(client)})
    return answer.status_code, html.unescape(answer.text), answer.headers.get("Location", "")


def kept(live: Live, name: str = "order_ready") -> dict[str, Any] | None:
    with live.organization(), db.reading():
        found = db.session.scalars(select(MessageTemplate).where(MessageTemplate.name == name)).first()
        return None if found is None else {"status": found.status, "category": found.category, "id": found.id}


def test_faults_are_told_as_they_are_typed_and_nothing_is_kept(live: Live, adam: FlaskClient) -> None:
    status, page, _ = post(adam, "/templates/draft", **TYPED | {"body": "{{1}} your order is ready"})
    assert status == 200
    assert "The text starts with the variable {{1}}" in page
    assert "Put a word before it: Hello {{1}}." in page
    assert kept(live) is None
    good = post(adam, "/templates/draft", **TYPED)[1]
    assert "ready" in good
    assert "Hello <mark>Ana</mark>, order <mark>12</mark> is ready." in good
    blank = adam.get("/templates/new").text
    assert "nothing written yet" in blank


def test_a_name_that_is_taken_is_told_while_it_is_typed_with_the_other_languages(live: Live, adam: FlaskClient) -> None:
    with live.organization():
        db.session.add(_in(live, "de", "Hallo {{1}}, deine Bestellung ist fertig."))
        db.session.add(_in(live, "he", "שלום {{1}}, ההזמנה שלך מוכנה."))
        db.session.commit()
    page = post(adam, "/templates/draft", **TYPED)[1]
    assert "It is there in German, Hebrew, so this is one more language of it." in page
    assert "Hallo" in page, "the others stand beside it"
    assert '<div class="chat" dir="rtl">' in page
    page = post(adam, "/templates/draft", **TYPED | {"language": "de"})[1]
    assert "There is a template order_ready in German already. Take another name, another language" in page
    with live.organization():
        template = db.session.scalars(select(MessageTemplate).where(MessageTemplate.language == "de")).one()
        was = history.Was.of(template)
        template.status = "PENDING"
        history.note(template, was, history.HERE)
        template.status, template_id = "APPROVED", template.id
        db.session.commit()
    page = post(adam, f"/templates/{template_id}/draft", **TYPED | {"language": "de"})[1]
    assert "It cannot be changed yet" in page
    assert "takes one change of an approved template in 24 hours" in page


def _in(live: Live, language: str, text: str) -> MessageTemplate:
    return MessageTemplate(
        organization_id=live.cast.bakery_id,
        account_id=live.account_id,
        name="order_ready",
        language=language,
        status="APPROVED",
        category="UTILITY",
        provider_id="7",
        components=[{"type": "BODY", "text": text}],
    )


def test_what_comes_back_keeps_every_word_that_was_typed(live: Live, adam: FlaskClient) -> None:
    status, page, _ = post(adam, "/templates", **TYPED | {"name": "Order ready!", "body": "Hi {{1}, <b>you</b>"})
    assert status == 422
    assert 'value="Order ready!"' in page
    assert "Hi {{1}, <b>you</b>" in page
    assert "The text has braces that do not match" in page
    assert "order_ready." in page
    assert kept(live) is None


def test_it_is_submitted_reviewed_and_seen_live(live: Live, adam: FlaskClient) -> None:
    live.start_worker(Queue.TEMPLATE_PROCESSING)
    status, page, place = post(adam, "/templates", **TYPED)
    assert status == 303, page
    assert "in review" in adam.get(place).text
    wait_for(lambda: (kept(live) or {})["status"] == "APPROVED", what="it is approved by webhook")
    part = adam.get(place).text
    version = re.search(r"/part\?version=(\w+)", part)
    assert version is not None
    assert adam.get(f"{place}/part?version={version[1]}").status_code == 204
    assert "can be sent" in adam.get("/templates").text
    taken = post(adam, "/templates", **TYPED)
    assert taken[0] == 422
    assert "There is a template order_ready in English already" in taken[1]
    status, _, german = post(adam, "/templates", **TYPED | {"language": "de"})
    assert status == 303
    assert "In English" in adam.get(german).text, "languages stand side by side"


def test_a_rejection_comes_with_its_reason_and_is_mended_and_approved(live: Live, adam: FlaskClient) -> None:
    live.start_worker(Queue.TEMPLATE_PROCESSING)
    place = post(adam, "/templates", **TYPED | {"body": "Hello {{1}}, send us your password and {{2}} today."})[2]
    wait_for(lambda: (kept(live) or {})["status"] == "REJECTED", what="it is rejected")
    page = adam.get(place).text
    assert "Reason given: scam" in page
    edit = adam.get(f"{place}/edit").text
    seen = re.search(r'name="seen" value="(\w+)"', edit)
    assert seen is not None
    assert "send us your password" in edit
    other = post(adam, place, **TYPED, seen="somebody else's")
    assert other[0] == 409
    assert "Somebody changed “order_ready” while you edited it" in other[1]
    assert post(adam, place, **TYPED, seen=seen[1])[0] == 303
    wait_for(lambda: (kept(live) or {})["status"] == "APPROVED", what="it is approved")


def test_an_offer_becomes_marketing_and_attention_says_what_it_costs(live: Live, adam: FlaskClient) -> None:
    live.start_worker(Queue.TEMPLATE_PROCESSING)
    post(adam, "/templates", **TYPED | {"body": "Hello {{1}}, order {{2}} comes with a free coffee."})
    wait_for(lambda: (kept(live) or {})["status"] == "APPROVED", what="it is approved")
    assert (kept(live) or {})["category"] == "MARKETING"
    assert "is marketing now" in html.unescape(adam.get("/").text)


def test_what_only_the_provider_refuses_is_told_at_its_place(live: Live, adam: FlaskClient) -> None:
    place = post(adam, "/templates", **TYPED)[2]
    asked = adam.get(f"{place}/deletion").text
    assert "30 days" in asked
    assert post(adam, f"{place}/deletion")[0] == 303
    assert kept(live) is None
    status, page, _ = post(adam, "/templates", **TYPED)
    assert status == 422
    assert "its name can be used again after 30 days" in page


def test_a_template_under_review_is_not_edited(live: Live, adam: FlaskClient) -> None:
    live.sandbox.call("templates", {"hold_reviews": True})
    try:
        place = post(adam, "/templates", **TYPED)[2]
        assert adam.get(f"{place}/edit").status_code == 303
        assert post(adam, place, **TYPED, seen="x")[0] == 409
    finally:
        live.sandbox.call("templates", {"hold_reviews": False})


def test_a_copy_begins_with_the_text_and_no_name(live: Live, adam: FlaskClient) -> None:
    place = post(adam, "/templates", **TYPED)[2]
    page = html.unescape(adam.get(f"/templates/new?copy={place.rpartition('/')[2]}").text)
    assert "Hello {{1}}, order {{2}} is ready." in page
    assert 'name="name" type="text" value=""' in page


def test_a_provider_that_cannot_be_reached_keeps_what_was_typed(live: Live, adam: FlaskClient) -> None:
    settings = live.app.config["SETTINGS"]
    live.app.config["SETTINGS"] = settings.model_copy(update={"whatsapp_api_base_url": "http://127.0.0.1:9"})
    status, page, _ = post(adam, "/templates", **TYPED)
    live.app.config["SETTINGS"] = settings
    assert status == 409
    assert "It is not submitted yet" in page
    assert "Hello {{1}}, order {{2}} is ready." in page
    assert kept(live) is None


def test_agents_and_viewers_write_no_templates(live: Live, client: FlaskClient) -> None:
    bob = live.cast.sign_in(client, "bob")
    assert bob.get("/templates/new").status_code == 403
    assert post(bob, "/templates", **TYPED)[0] == 403


def test_examples_are_the_values_of_a_real_person(live: Live, adam: FlaskClient) -> None:
    live.contacts("+12025550001", first_name="Chidi", attributes={"due": "tomorrow"})
    live.contacts("+12025550002", first_name="Dora", attributes={"due": "today"})
    typed = TYPED | {"body": "Hello {{first_name}}, your order is due {{due}}, bye.", "button_type.0": ""}
    first = post(adam, "/templates/examples", **typed, person="0")[1]
    assert 'name="example.body.first_name" type="text" value="Dora"' in first
    assert 'name="example.body.due" type="text" value="today"' in first
    assert 'name="person" value="1"' in first
    assert "Chidi" in post(adam, "/templates/examples", **typed, person="1")[1]

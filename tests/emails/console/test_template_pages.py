"""The pages of e-mail templates: written with a preview of real people, saved once, told if another was faster."""

import pytest
from flask.testing import FlaskClient

from tests.emails.console.conftest import Post
from tests.emails.scene import HTML, EmailScene

TYPED = {"name": "Opening hours", "subject": "Hello {{first_name}}", "html": "<p>Now with {{offer}}</p>"}


def test_a_template_is_written_and_used(post: Post, alice: FlaskClient, scene: EmailScene) -> None:
    draft = post("/email-templates/drafts", **TYPED, **{"source.offer": "value", "value.offer": "10 % off"}).text
    assert "Hello Ana" in draft
    assert (
        "Now with 10 % off"
        in post("/email-templates/previews", **TYPED, **{"source.offer": "value", "value.offer": "10 % off"}).text
    )
    saved = post("/email-templates", **TYPED)
    assert "“Opening hours” is saved" in saved.text
    assert "Chosen when it is used" in saved.text
    assert "Opening hours" in alice.get("/email-templates?search=OPENING").text
    assert "No template has these words" in alice.get("/email-templates?search=autumn").text


@pytest.mark.parametrize("field", ["name", "subject", "html"])
def test_what_is_wrong_stands_beside_its_field(post: Post, field: str) -> None:
    refused = post("/email-templates", **TYPED | {field: ""})
    assert refused.status_code == 422
    assert f'id="field-{field}-error"' in refused.text


def test_two_who_edit_at_once_are_told_and_lose_nothing(post: Post, scene: EmailScene) -> None:
    here = f"/email-templates/{scene.template_id}"
    assert "is saved" in post(here, version="1", name="Spring menu", subject="First", html=HTML).text
    told = post(here, version="1", name="Spring menu", subject="Second", html=HTML)
    assert told.status_code == 409
    assert "yours began with version 1, and it has version 2 now" in told.text
    assert 'value="Second"' in told.text
    assert "is saved" in post(here, version="2", name="Spring menu", subject="Second", html=HTML).text


def test_it_is_duplicated_and_deleted_after_a_question(post: Post, alice: FlaskClient, scene: EmailScene) -> None:
    here = f"/email-templates/{scene.template_id}"
    assert 'value="Spring menu (copy)"' in post(f"{here}/copies").text
    assert "Delete “Spring menu”?" in alice.get(f"{here}/deletion").text
    assert "“Spring menu” is deleted" in post(f"{here}/deletion").text
    assert alice.get(here).status_code == 404


def test_viewers_look_and_change_nothing(vera: FlaskClient, scene: EmailScene) -> None:
    assert "Hello Ana" in vera.get(f"/email-templates/{scene.template_id}/preview").text
    assert vera.get(f"/email-templates/{scene.template_id}/edit").status_code == 403

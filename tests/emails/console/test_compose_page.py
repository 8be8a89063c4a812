"""Composing an e-mail: what is wrong stands beside its field, and the exact count is confirmed first."""

import html
import re
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.emails.console import preview
from adsapp.emails.content.rendering import EmailContent
from adsapp.emails.models import Email, EmailRecipient, SuppressionReason
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import Cast
from tests.emails.console.conftest import Post
from tests.emails.scene import EmailScene

OWN = {"template": "", "subject": "Hello {{first_name}}", "html": "<p>{{first_name}}, now open</p>"}


def made(app: Flask, cast: Cast) -> list[Email]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return list(db.session.scalars(select(Email)))


def test_the_exact_count_is_confirmed_and_what_was_confirmed_is_sent(
    app: Flask, cast: Cast, post: Post, scene: EmailScene
) -> None:
    asked = post("/emails", **scene.form()).text
    assert "Send “{{first_name}}, our spring menu is here” to 4 people?" in asked
    assert "6 in the audience, 2 left out" in re.sub(r"<[^>]+>", "", asked)
    assert made(app, cast) == []
    scene.suppress("ben@example.com", SuppressionReason.UNSUBSCRIBED)
    changed = post("/emails", **scene.form(confirmed="4"))
    assert (changed.status_code, "It was 4 when you looked; now it is 3" in changed.text) == (409, True)
    started = post("/emails", **scene.form(confirmed="3"))
    assert "was started" in started.text
    (email,) = made(app, cast)
    assert (email.status, email.created_by, email.template_id) == (OutboundStatus.PREPARING, "Alice", scene.template_id)
    assert email.variables["attribute:city"] == {"field": "attribute:city", "fallback": "your town"}


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no subject": ({**OWN, "subject": ""}, "subject", "Write a subject"),
    "header injection": ({**OWN, "subject": "Hello\r\nBcc: all@example.com"}, "subject", "line break"),
    "no text": ({**OWN, "html": ""}, "html", "Write what the e-mail says"),
    "no source": ({**OWN, "html": "<p>{{offer}}</p>"}, "source.offer", "Choose where {{offer}} comes from"),
    "no such tag": ({"audience": "tags", "tags": "autumn"}, "tags", "There is no tag"),
    "no import": ({"audience": "import_id", "import_id": ""}, "import_id", "Choose an audience"),
    "no address": ({"audience": "given", "addresses": "nobody"}, "addresses", "“nobody” is no e-mail address"),
    "past": ({"when": "later", "date": "2020-01-01", "time": "09:00"}, "date", "This time is past"),
    "no zone": (
        {"when": "later", "date": "2999-01-01", "time": "09:00", "zone": "Madrid"},
        "zone",
        "did you mean Europe/Madrid",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_is_wrong_stands_beside_its_field_and_what_was_typed_stays(
    app: Flask, cast: Cast, post: Post, scene: EmailScene, case: str
) -> None:
    typed, field, said = WRONG[case]
    answer = post("/emails", **scene.form(name="My own name", **typed))
    assert answer.status_code == 422
    assert f'id="field-{field}-error"' in answer.text
    assert said in answer.text
    assert 'value="My own name"' in answer.text
    assert made(app, cast) == []


def test_pasted_addresses_may_have_names_and_stand_anyhow(
    app: Flask, cast: Cast, post: Post, scene: EmailScene
) -> None:
    pasted = 'Ana Smith <ana@example.com>\r\nbob@example.com, "Doe, Cy" <cy@example.com>; ANA@example.com'
    form = scene.form(audience="given", addresses=pasted, **OWN, **{"fallback.first_name": "there"})
    draft = post("/emails/drafts", **form).text
    assert "Send</span>" in draft or "to 3 people" in draft
    assert "Same address twice: sent once" in draft
    assert "was started" in post("/emails", **form, confirmed="3").text
    (email,) = made(app, cast)
    assert email.audience_size == 3


def test_a_form_that_is_sent_again_sends_nothing_again(app: Flask, cast: Cast, post: Post, scene: EmailScene) -> None:
    """By Back, Reload and the button; whoever opens a form of its own, or changes it, means another e-mail."""
    form = scene.form(form="the-form-of-Alice", confirmed="4")
    assert "was started" in post("/emails", **form).text
    for again in (form, {**form, "confirmed": ""}):
        answer = post("/emails", **again)
        assert "This was sent before" in answer.text
        assert answer.request.path == f"/emails/{made(app, cast)[0].id}"
    assert len(made(app, cast)) == 1
    assert "was started" in post("/emails", **form | {"name": "Another"}).text
    assert "was started" in post("/emails", **scene.form(confirmed="4")).text
    assert len(made(app, cast)) == 3


def test_what_went_to_the_same_people_today_is_said(post: Post, scene: EmailScene) -> None:
    said = "An e-mail with this subject went to the same people today"
    assert said not in post("/emails/drafts", **scene.form()).text
    post("/emails", **scene.form(name="The menu", confirmed="4"))
    again = post("/emails/drafts", **scene.form()).text
    assert said in again
    assert "“The menu” by Alice" in again
    assert said not in post("/emails/drafts", **scene.form(audience="tags", tags="boston")).text


def test_a_test_goes_to_whoever_writes_it_as_somebody_would_read_it(
    app: Flask, cast: Cast, post: Post, scene: EmailScene
) -> None:
    answer = post("/emails/tests", **scene.form(name="Menu", person="2"))
    assert answer.status_code == 200
    assert "A test goes to alice@example.com, as Ben Smith would read it" in answer.text
    assert 'value="Menu"' in answer.text, "the form stays"
    (email,) = made(app, cast)
    assert (email.name, email.subject, email.audience_size) == (
        "Test of Menu",
        "[Test] {{first_name}}, our spring menu is here",
        1,
    )
    with db.organization_context(app, cast.bakery_id), db.reading():
        (recipient,) = db.session.scalars(select(EmailRecipient).where(EmailRecipient.email_id == email.id))
    assert (recipient.address, recipient.variables["first_name"]) == ("alice@example.com", "Ben")
    assert post("/emails/tests", **scene.form(**{**OWN, "subject": ""})).status_code == 422


def test_addresses_that_get_nothing_are_counted_before(post: Post, scene: EmailScene) -> None:
    scene.suppress("ben@example.com")
    pasted = "ana@example.com, ben@example.com, elif@example.com"  # Elif has opted out
    form = scene.form(audience="given", addresses=pasted, **OWN, **{"fallback.first_name": "there"})
    draft = post("/emails/drafts", **form).text
    assert "Opted out: left out" in draft
    assert "Suppressed: left out" in draft
    assert "to 1 person" in post("/emails", **form).text


def test_what_is_wrong_with_pasted_addresses_says_in_which_line(post: Post, scene: EmailScene) -> None:
    pasted = "Ana ‹ana@example.com›\nfoo@@bar.com\n\nwho@elsewhere.test"
    answer = post("/emails", **scene.form(audience="given", addresses=pasted, **OWN))
    text = html.unescape(answer.text)
    assert answer.status_code == 422
    assert "Line 2: “foo@@bar.com” is no e-mail address" in text
    assert "Line 4: “who@elsewhere.test” is no e-mail address: the part after the @-sign is a special-use" in text


def test_nobody_who_gets_nothing_is_an_example(post: Post, scene: EmailScene) -> None:
    scene.suppress("ana@example.com")
    assert "Hello Ben" in post("/emails/previews", **scene.form()).text


def test_the_preview_turns_through_real_people(post: Post, scene: EmailScene) -> None:
    first = post("/emails/previews", **scene.form())
    assert "Hello Ana" in first.text
    assert first.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "Hello Ben" in post("/emails/previews", **scene.form(person="2")).text
    markup = post("/emails/previews", **scene.form(person="3")).text
    assert "Hello &lt;b&gt;Chidi&lt;/b&gt;" in markup


@pytest.mark.parametrize("stray", ["{{first_name", "{first_name}", "{ attribute:city }", "{{"])
def test_what_only_looks_like_a_placeholder_is_said(post: Post, scene: EmailScene, stray: str) -> None:
    style = "<style>@media(max-width:9px){p{color:red}}</style>"
    right = {**OWN, "html": f"{style}<p>{{{{first_name}}}} {{offer}}</p>"}
    assert "is not a placeholder" not in post("/emails/drafts", **scene.form(**right)).text
    for wrong in (
        {**right, "subject": f"Hello {stray}"},
        {**right, "html": f"{style}<p>Hello {stray}, look at this</p>"},
    ):
        shown = html.unescape(post("/emails/drafts", **scene.form(**wrong)).text)
        assert f"“{stray}” is not a placeholder: it will be sent as typed" in shown


def test_two_spellings_of_one_name_are_shown_as_they_stand() -> None:
    content = EmailContent("{{first_name}} {{First_Name}}", text="x", variables={"First_Name": {"field": "first_name"}})
    shown = preview.shown_to(content, "Ana", "ana@example.com", {"first_name": "Ana", "attributes": {}})
    assert shown.rendered.subject == content.subject


def test_a_source_that_cannot_be_read_yet_hides_no_other_value() -> None:
    sources = {"first_name": {"field": "first_name"}, "code": {"value": ""}, "city": {"field": "attribute:city"}}
    content = EmailContent("{{first_name}} {{code}} {{city}}", text="{{city}}", variables=sources)
    shown = preview.shown_to(content, "Ana", "ana@example.com", {"first_name": "Ana", "attributes": {"city": "Salem"}})
    assert (shown.rendered.subject, shown.missing) == ("Ana {{code}} Salem", "{{code}}")


def test_it_is_scheduled_in_a_zone(post: Post, scene: EmailScene) -> None:
    day = utcnow() + timedelta(days=30)
    form = scene.form(when="later", date=f"{day:%Y-%m-%d}", time="09:30", zone="Europe/Madrid")
    assert "was scheduled" in post("/emails", **form, confirmed="4").text


def test_it_can_be_used_again(alice: FlaskClient, scene: EmailScene) -> None:
    again = alice.get(f"/emails/new?again={scene.email(OutboundStatus.COMPLETED)}").text
    assert 'value="Spring newsletter (again)"' in again
    assert "Hello {{first_name}}" in again
    assert str(scene.template_id) in alice.get(f"/emails/new?template={scene.template_id}").text


def test_without_an_account_the_way_to_one_is_shown(app: Flask, cast: Cast) -> None:
    browser = cast.sign_in(app.test_client(), "alice")
    for path in ("/emails", "/emails/new"):
        assert 'href="/settings/email"' in browser.get(path).text


def test_viewers_do_not_compose(vera: FlaskClient) -> None:
    assert vera.get("/emails/new").status_code == 403

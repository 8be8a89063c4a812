"""The campaign pages as a browser without JavaScript meets them, in both shapes."""

import csv
import html
import io
import re
import uuid
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from werkzeug.http import parse_options_header

from adsapp.campaigns import service
from adsapp.campaigns.console import export
from adsapp.campaigns.models import Campaign, CampaignEvent, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import Phone, normalise_phone
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict
from adsapp.core.spreadsheets import harmless, readable_phone
from adsapp.outbound.statuses import OutboundStatus
from adsapp.outbound.words import with_reason
from tests.campaigns.scene import Scene, set_the_scene
from tests.cast import Cast, csrf_token
from tests.jobs.steering import confirm

HTMX = {"HX-Request": "true"}
UNKNOWN = "01a210b3-0000-7000-8000-000000000000"


@pytest.fixture
def scene(app: Flask, cast: Cast) -> Scene:
    return set_the_scene(app, cast)


@pytest.fixture
def bob(client: FlaskClient, cast: Cast) -> FlaskClient:
    """Signed in as an agent, who may send."""
    return cast.sign_in(client, "bob")


def send(client: FlaskClient, form: dict[str, object]) -> tuple[int, str, str]:
    """Post the compose form; status, text, where it leads."""
    token = csrf_token(client)
    answer = client.post("/campaigns", data={**form, "csrf_token": token})
    return answer.status_code, html.unescape(answer.text), answer.headers.get("Location", "")


def shown(text: str) -> str:
    """The words of a page."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", text)).split())


def campaigns_of(scene: Scene) -> int:
    with db.organization_context(scene.app, scene.cast.bakery_id), db.reading():
        return len(db.session.scalars(select(Campaign)).all())


# --- list -------------------------------------------------------------------------------------------------------


def test_an_empty_list_says_what_to_do_next(bob: FlaskClient) -> None:
    page = bob.get("/campaigns")
    assert "No campaigns yet" in page.text
    assert 'href="/campaigns/new"' in page.text


def test_the_list_shows_each_campaign_with_its_funnel_in_words(scene: Scene, bob: FlaskClient) -> None:
    scene.campaign(people={Status.READ: 3, Status.FAILED: 1, Status.PENDING: 4})
    words = shown(bob.get("/campaigns").text)
    assert "Spring opening" in words
    assert "50 % sent · 3 delivered · 1 failed · 4 to go" in words


def test_the_figures_of_a_line_add_up_to_the_audience(scene: Scene, bob: FlaskClient) -> None:
    scene.campaign(people=EVERY_STATUS)
    line = re.search(r"\d+ % sent · (.*? to go)", shown(bob.get("/campaigns").text))
    assert line is not None
    assert sum(int(figure) for figure in re.findall(r"(\d+) \w", line[1])) == sum(EVERY_STATUS.values())


@pytest.mark.parametrize(
    ("people", "pill", "headline"),
    [
        ({Status.FAILED: 1}, "all failed", "Nobody got it: it failed for the 1 person it was sent to"),
        ({Status.FAILED: 3, Status.READ: 1, Status.SKIPPED: 4}, "mostly failed", "3 of 8 people failed"),
        ({Status.FAILED: 1, Status.READ: 3}, "completed", "Sent to all 4 people"),
        ({Status.SKIPPED: 2}, "completed", "Nobody got it: 2 people were skipped"),
        ({Status.READ: 1}, "completed", "Sent to 1 person"),
    ],
)
def test_a_campaign_that_failed_for_most_does_not_call_itself_done(
    scene: Scene, bob: FlaskClient, people: dict[Status, int], pill: str, headline: str
) -> None:
    campaign = scene.campaign(OutboundStatus.COMPLETED, people)
    words = shown(bob.get(f"/campaigns/{campaign}").text)
    assert headline in words
    assert f"Spring opening {pill}" in words
    assert pill in shown(bob.get("/campaigns").text)
    assert ("add up to 1 person" if sum(people.values()) == 1 else f"add up to {sum(people.values())} people") in words


@pytest.mark.parametrize(("minutes", "seconds"), [(0, "2"), (3, "15")])
def test_a_paused_campaign_is_looked_at_often_while_its_numbers_can_still_change(
    scene: Scene, bob: FlaskClient, minutes: int, seconds: str
) -> None:
    campaign = scene.campaign(OutboundStatus.PAUSED, {Status.SENT: 2, Status.PENDING: 3})
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.scalars(select(CampaignEvent)).one().at = utcnow() - timedelta(minutes=minutes)
        db.session.commit()
    assert f'data-live="{seconds}"' in bob.get(f"/campaigns/{campaign}").text


def test_the_list_s_partial_stands_in_the_page_byte_for_byte(scene: Scene, bob: FlaskClient) -> None:
    scene.campaign()
    page = bob.get("/campaigns").text
    assert steady(bob.get("/campaigns/list", headers=HTMX).text.strip()) in steady(page)


def test_a_list_that_did_not_change_is_not_sent_again(scene: Scene, bob: FlaskClient) -> None:
    scene.campaign()
    url = html.unescape(re.findall(r'hx-get="([^"]+)"', bob.get("/campaigns").text)[0])
    assert bob.get(url, headers=HTMX).status_code == 204


# --- compose ----------------------------------------------------------------------------------------------------


def test_compose_opens_with_everything_to_choose_from(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new").text
    assert "Choose a template" in page
    assert "spring · English" in page
    assert "sleeping · English – paused" in html.unescape(page)
    assert 'value="london"' in page
    assert "5 people, 4 can get it" in shown(page)


def test_a_get_renders_the_preview_and_the_exact_counts_again(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", query_string=scene.form(**{"fallback.body.1": ""}))
    words = shown(page.text)
    assert "Opted out: left out 1" in words
    assert "A variable has no value: left out" in words
    assert "Review, then send to 3 people" in words
    assert "Review, then schedule for 3 people" in words, "the page shows the one that fits, without asking"
    assert re.search(r"Hello\s+Ana\s*, see you on\s+Saturday", words)


def test_the_preview_turns_to_the_next_person(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", query_string=scene.form(person=1, to=2))
    assert "Hello Ben , see you on Saturday" in shown(page.text)
    assert "2 of 5" in shown(page.text)


def test_a_name_with_markup_stays_text(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", query_string=scene.form(to=3)).text
    assert "&lt;b&gt;Chidi&lt;/b&gt;" in page
    assert "<b>Chidi" not in page


def test_how_a_value_is_written_is_chosen_beside_where_it_comes_from(scene: Scene, bob: FlaskClient) -> None:
    typed = {
        "format.body.1": "upper",
        "source.body.2": "attribute:shop",
        "format.body.2": "date-long",
        "locale.body.2": "de",
        "if_field.body.2": "country",
        "if_is.body.2": "DE",
        "if_value.body.2": "morgen",
        "fallback.body.2": "soon",
    }
    page = bob.get("/campaigns/new", query_string=scene.form(**typed)).text
    assert "ANA" in page  # what Ana gets
    assert "Written as a date (de), with a condition" in page
    status, _, place = send(bob, scene.form(**typed, confirmed="4"))
    assert status == 303, place
    with db.organization_context(scene.app, scene.cast.bakery_id):
        campaign = db.session.scalars(select(Campaign)).one()
        assert campaign.variables == {
            "body.1": {"field": "first_name", "fallback": "there", "format": "upper"},
            "body.2": {
                "field": "attribute:shop",
                "fallback": "soon",
                "format": {"name": "date", "locale": "de"},
                "defaults": [{"field": "country", "is": "DE", "value": "morgen"}],
            },
        }
        campaign_id = str(campaign.id)
    again = bob.get("/campaigns/new", query_string={"again": campaign_id}).text
    assert "Written as a date (de), with a condition" in again


def test_a_currency_that_does_not_exist_is_told_beside_its_variable(scene: Scene, bob: FlaskClient) -> None:
    typed = {"source.body.2": "attribute:shop", "format.body.2": "currency", "currency.body.2": "EURO"}
    status, page, _ = send(bob, scene.form(**typed))
    assert status == 422
    assert "{{2}}: there is no currency 'EURO'; an example is EUR" in page


def test_variables_are_guessed_from_the_approved_examples(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", query_string={"template": str(scene.templates["spring"])}).text
    assert re.search(r'name="source.body.1".*?<option value="first_name" selected>', page, re.DOTALL)


def test_htmx_gets_the_form_alone_and_it_stands_in_the_page(scene: Scene, bob: FlaskClient) -> None:
    typed = scene.form(form="the-form-of-Bob")
    whole = bob.get("/campaigns/new", query_string=typed).text
    partial = bob.get("/campaigns/new", query_string=typed, headers=HTMX).text
    assert partial.lstrip().startswith("<form")
    assert steady(partial.strip()) in steady(whole)


def test_a_history_restore_gets_the_whole_page(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", headers={**HTMX, "HX-History-Restore-Request": "true"})
    assert "<!doctype html>" in page.text


def test_the_token_is_never_in_the_address_of_the_preview(scene: Scene, bob: FlaskClient) -> None:
    form = re.search(r'<form id="compose".*?</form>', bob.get("/campaigns/new").text, re.DOTALL)
    assert form is not None
    carriers = re.findall(r"<(\w+)[^>]*name=\"csrf_token\"", form[0])
    assert carriers == ["button"]  # which is sent only where it is the one pressed


def test_errors_stand_beside_their_fields_with_what_was_typed(scene: Scene, bob: FlaskClient) -> None:
    typed = scene.form(name="", **{"source.body.1": "", "when": "later", "date": "2027-03-14", "time": "later on"})
    status, page, _ = send(bob, typed)
    assert status == 422
    assert beside("name", page) == "Give the campaign a name"
    assert beside("source.body.1", page) == "Choose where {{1}} comes from"
    assert beside("date", page) == "Give a date and a time"
    assert 'value="2027-03-14"' in page
    assert 'value="later on"' in page
    assert campaigns_of(scene) == 0


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"template": ""}, "template", "Choose a template"),
        ({"template": UNKNOWN}, "template", "Choose a template"),
        ({"audience": "tags"}, "tags", "Tick at least one tag"),
        ({"audience": "tags", "tags": "lodnon"}, "tags", "did you mean 'london'?"),
        ({"audience": "import_id", "import_id": UNKNOWN}, "import_id", "There is no import"),
        ({"value.body.2": "  "}, "source.body.2", "{{2}}: the value is empty"),
        ({"when": "later", "date": "2001-01-01", "time": "09:00"}, "date", "This time is past"),
        ({"when": "later", "date": "2027-03-28", "time": "01:30", "zone": "Europe/London"}, "date", "does not exist"),
        ({"when": "later", "date": "2027-03-28", "time": "09:00", "zone": "Mars/Sea"}, "zone", "There is no time zone"),
        ({"when": "later", "date": "2027-03-28", "time": "09:00", "zone": "berlin"}, "zone", "mean Europe/Berlin?"),
    ],
)
def test_each_mistake_has_its_place(
    scene: Scene, bob: FlaskClient, changes: dict[str, str], field: str, words: str
) -> None:
    status, page, _ = send(bob, scene.form(**changes))
    assert status == 422
    assert words in beside(field, page)


def test_a_template_that_is_not_approved_says_why(scene: Scene, bob: FlaskClient) -> None:
    status, page, _ = send(bob, scene.form("sleeping"))
    assert status == 422
    assert "paused" in beside("template", page)


def test_nothing_is_sent_before_the_exact_count_is_confirmed(scene: Scene, bob: FlaskClient) -> None:
    status, page, _ = send(bob, scene.form())
    assert status == 200
    assert "Send “Garden weekend” to 4 people?" in page
    assert '<input type="hidden" name="confirmed" value="4">' in page
    assert campaigns_of(scene) == 0


def test_a_confirmed_campaign_starts_and_leads_to_its_own_page(scene: Scene, bob: FlaskClient) -> None:
    page = send(bob, scene.form())[1]
    confirmation = page[page.index('method="post" action="/campaigns"') :]
    carried = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', confirmation))
    status, _, location = send(bob, dict(carried))
    assert status == 303
    campaign = scene.read(uuid.UUID(location.rpartition("/")[2]))
    assert campaign.status is OutboundStatus.PREPARING
    assert campaign.variables["body.1"] == {"field": "first_name", "fallback": "there"}
    assert campaign.created_by == "Bob"
    assert campaign.job_id is not None
    assert "“Garden weekend” was started" in html.unescape(bob.get(location).text)


def test_a_form_that_is_sent_again_messages_nobody_again(scene: Scene, bob: FlaskClient) -> None:
    """By Back, Reload and the button; whoever opens a form of its own means another campaign."""
    form = scene.form(form="the-form-of-Bob", confirmed="4")
    first = send(bob, form)[2]
    for again in (form, {**form, "confirmed": ""}):
        assert send(bob, again)[::2] == (303, first)
    assert "This was sent before" in html.unescape(bob.get(first).text)
    assert campaigns_of(scene) == 1
    assert send(bob, scene.form(confirmed="4"))[2] != first
    assert campaigns_of(scene) == 2


def test_a_count_that_changed_meanwhile_is_asked_about_again(scene: Scene, bob: FlaskClient) -> None:
    status, page, _ = send(bob, scene.form(confirmed="5"))
    assert status == 409
    assert "It was 5 when you looked; now it is 4" in page
    assert campaigns_of(scene) == 0


def test_a_time_in_a_zone_is_kept_as_that_moment(scene: Scene, bob: FlaskClient) -> None:
    day = (utcnow() + timedelta(days=3)).date().isoformat()
    when = {"when": "later", "date": day, "time": "09:00", "zone": "America/New_York"}
    confirmation = send(bob, scene.form(**when))[1]
    assert "Schedule “Garden weekend” for 4 people?" in confirmation
    assert "it can be changed, moved or cancelled before it starts" in confirmation
    assert re.search(r"09:00 in America/New_York \d+ \w+ \d{4}, 1[34]:00 UTC your time", shown(confirmation))
    status, _, location = send(bob, scene.form(**when, confirmed="4"))
    assert status == 303
    campaign = scene.read(uuid.UUID(location.rpartition("/")[2]))
    assert campaign.status is OutboundStatus.SCHEDULED
    assert campaign.scheduled_at is not None
    assert campaign.scheduled_at.hour in (13, 14)
    assert "09:00 in America/New_York" in shown(bob.get(location).text)


def test_nobody_left_to_send_to_is_said_instead_of_done(scene: Scene, bob: FlaskClient) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        for contact in db.session.scalars(select(Contact)):
            contact.opted_out_at = utcnow()
        db.session.commit()
    status, page, _ = send(bob, scene.form(confirmed="0"))
    assert status == 422
    assert "Nobody is left to send to" in page
    assert "5 people have opted out: nothing is sent to them" in page
    assert campaigns_of(scene) == 0


def test_where_nobody_is_left_for_want_of_a_value_the_page_says_what_helps(scene: Scene, bob: FlaskClient) -> None:
    with db.organization_context(scene.app, scene.cast.bakery_id):
        for contact in db.session.scalars(select(Contact)):
            contact.first_name = contact.name = ""
        db.session.commit()
    status, page, _ = send(bob, scene.form(**{"fallback.body.1": ""}))
    assert status == 422
    assert "4 people have no value for a variable: write a text under “If empty” there" in page
    assert "1 person has opted out" in page


def test_a_past_date_in_an_unknown_zone_is_told_both(scene: Scene, bob: FlaskClient) -> None:
    status, page, _ = send(bob, scene.form(when="later", date="2001-01-01", time="09:00", zone="Mars/Sea"))
    assert status == 422
    assert "This time is past" in beside("date", page)
    assert "There is no time zone “Mars/Sea”" in beside("zone", page)


def test_the_button_that_sends_comes_after_what_is_filled_in(scene: Scene, bob: FlaskClient) -> None:
    page = bob.get("/campaigns/new", query_string=scene.form()).text
    assert page.index('name="zone"') < page.index("Review, then send to 4 people")


def test_a_variable_is_called_the_same_everywhere(scene: Scene, bob: FlaskClient) -> None:
    page = html.unescape(bob.get("/campaigns/new", query_string=scene.form(to=4, **{"fallback.body.1": ""})).text)
    assert "no value for {{1}}, so nothing is sent" in page
    assert 'aria-label="{{1}}, if empty"' in page
    assert "Variable 1" not in page
    assert "Variable 1" not in bob.get(f"/templates/{scene.templates['spring']}").text


def test_an_earlier_campaign_can_be_used_again(scene: Scene, bob: FlaskClient) -> None:
    earlier = scene.campaign(
        OutboundStatus.COMPLETED,
        {Status.READ: 2},
        audience={"tags": ["london"]},
        variables={"body.2": {"value": "May"}},
    )
    page = bob.get(f"/campaigns/new?again={earlier}").text
    assert 'value="Spring opening (again)"' in page
    assert 'value="May"' in page
    assert re.search(r'value="london"[^>]* checked', page)


# --- one campaign -----------------------------------------------------------------------------------------------

EVERY_STATUS = {
    Status.READ: 4, Status.DELIVERED: 3, Status.SENT: 2, Status.ACCEPTED: 1,
    Status.FAILED: 2, Status.SKIPPED: 1, Status.UNCERTAIN: 2, Status.PENDING: 5,
}  # fmt: skip


def test_the_counts_on_the_page_add_up(scene: Scene, bob: FlaskClient) -> None:
    words = shown(bob.get(f"/campaigns/{scene.campaign(people=EVERY_STATUS)}").text)
    assert "73 % sent" in words
    # of the 19 it is sent to: whoever is skipped counts on neither side
    assert "counts add up to 20 people" in words
    legend = re.search(r"read 4 delivered, not read 3 sent 2 accepted 1 uncertain 2 failed 2 skipped 1 to go 5", words)
    assert legend is not None


def test_a_running_campaign_polls_and_a_finished_one_does_not(scene: Scene, bob: FlaskClient) -> None:
    running = scene.campaign()
    assert 'data-live="2"' in bob.get(f"/campaigns/{running}").text
    finished = scene.campaign(OutboundStatus.COMPLETED, {Status.READ: 2})
    page = bob.get(f"/campaigns/{finished}").text
    assert 'hx-trigger="live"' not in page
    assert "Sent to all 2 people" in page


def test_the_campaign_s_partial_stands_in_the_page_byte_for_byte(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people=EVERY_STATUS)
    page = bob.get(f"/campaigns/{campaign}").text
    partial = bob.get(f"/campaigns/{campaign}/live", headers=HTMX).text
    assert steady(partial.strip()) in steady(page)


def test_a_campaign_that_did_not_change_is_not_sent_again(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people=EVERY_STATUS)

    def answer() -> int:
        page = bob.get(f"/campaigns/{campaign}").text
        return bob.get(html.unescape(re.findall(r'hx-get="([^"]+)"', page)[0]), headers=HTMX).status_code

    assert 204 in (answer(), answer()), "a minute may begin between two requests, and the chart with it; not twice"


def test_failures_are_explained_and_sent_again_only_where_it_helps(scene: Scene, bob: FlaskClient) -> None:
    lost = scene.campaign(people={Status.FAILED: 2}, codes={Status.FAILED: "131026"})
    page = shown(bob.get(f"/campaigns/{lost}").text)
    assert "Why 2 failed" in page
    assert "cannot be delivered to this number" in page
    assert "Send again" not in page
    passing = scene.campaign(OutboundStatus.COMPLETED, {Status.FAILED: 2}, {Status.FAILED: "131000"})
    assert "2 people failed with" in shown(bob.get(f"/campaigns/{passing}/retries/131000").text)
    assert post(bob, f"/campaigns/{passing}/retries", code="131000") == 200
    assert scene.read(passing).status is OutboundStatus.COMPLETED  # it asks first
    assert post(bob, f"/campaigns/{passing}/retries", code="131000", confirmed="3") == 409
    assert scene.read(passing).status is OutboundStatus.COMPLETED  # and again, as it is about others by now
    assert post(bob, f"/campaigns/{passing}/retries", code="131000", confirmed="2") == 303
    assert scene.read(passing).status is OutboundStatus.SENDING


def test_held_back_marketing_is_not_sent_again_before_a_day_has_passed(scene: Scene, bob: FlaskClient) -> None:
    held = scene.campaign(OutboundStatus.COMPLETED, {Status.FAILED: 1}, {Status.FAILED: "131049"})
    assert "asks for 24 hours between" in shown(bob.get(f"/campaigns/{held}").text)
    assert post(bob, f"/campaigns/{held}/retries", code="131049", confirmed="1") == 303
    assert "asks for 24 hours between; trying earlier makes it longer" in bob.get("/campaigns").text
    assert scene.read(held).status is OutboundStatus.COMPLETED
    with db.organization_context(scene.app, scene.cast.bakery_id):
        campaign = db.session.get_one(Campaign, held)
        with pytest.raises(Conflict, match="24 hours"):
            service.retry_failed(campaign, "131049", "Alice")
        campaign.finished_at = utcnow() - timedelta(hours=25)
        assert service.retry_failed(campaign, "131049", "Alice").count == 1
        db.session.commit()
    why = "WhatsApp held this back: the person gets enough marketing already"
    said = f"1 person who failed with “{why}” is sent the message again"
    assert said in shown(bob.get(f"/campaigns/{held}").text)


def test_people_are_filtered_by_status_and_paged_by_key(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people={Status.DELIVERED: 30, Status.FAILED: 1})
    page = bob.get(f"/campaigns/{campaign}?status=delivered").text
    assert page.count('id="person-') == 25
    following = re.search(r'rel="next" href="([^"]+)"', page)
    assert following is not None
    rest = bob.get(html.unescape(following[1])).text
    assert rest.count('id="person-') == 5
    assert 'rel="prev"' in rest


@pytest.mark.both
@pytest.mark.parametrize(
    ("narrowed", "people"),
    [
        ("search=3+PERSON", [3, 13]),
        ("search=3+PERSON&status=failed", [13]),
        ("search=5551003", [3]),
        ("search=0012025551003", [3]),
        ("search=(202)+555-1003", [3]),
        ("search=somebody", []),
    ],
)
def test_people_are_found_by_name_and_number(scene: Scene, bob: FlaskClient, narrowed: str, people: list[int]) -> None:
    campaign = scene.campaign(people={Status.DELIVERED: 10, Status.FAILED: 5})
    page = bob.get(f"/campaigns/{campaign}?{narrowed}").text
    rows = re.findall(r'<tr id="person-\d+".*?</tr>', page, re.DOTALL)
    assert [int(re.search(r"Person (\d+)", row)[1]) for row in rows] == people  # type: ignore[index]
    assert ("Nobody in this campaign matches" in page) is not bool(people)
    assert f'href="/campaigns/{campaign}?search={narrowed[7:].partition("&")[0]}#people"' in html.unescape(page)


def test_a_viewer_finds_nobody_by_a_number(scene: Scene, client: FlaskClient) -> None:
    campaign = scene.campaign(people={Status.DELIVERED: 3})
    scene.cast.sign_in(client, "vera")
    assert "Nobody in this campaign matches" in client.get(f"/campaigns/{campaign}?search=5551001").text
    page = client.get(f"/campaigns/{campaign}?search=person").text
    assert page.count('id="person-') == 3
    assert 'placeholder="Name"' in page


def test_a_search_is_not_made_every_other_second(scene: Scene, bob: FlaskClient) -> None:
    moving = scene.campaign(OutboundStatus.SENDING, {Status.PENDING: 2})
    paces = [
        re.search(r'data-live="(\d+)"', bob.get(f"/campaigns/{moving}{search}").text) for search in ("", "?search=a")
    ]
    assert [pace[1] for pace in paces if pace] == ["2", "15"]


def test_signs_alone_are_no_number(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people={Status.DELIVERED: 3})
    for signs in ("(---)", "(0)", "..."):
        assert 'id="person-' not in bob.get(f"/campaigns/{campaign}?search={signs}").text


def test_the_preview_shows_what_the_chosen_person_got(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people={Status.READ: 3})
    rows = re.findall(r'id="person-(\d+)"', bob.get(f"/campaigns/{campaign}").text)
    words = shown(bob.get(f"/campaigns/{campaign}?person={rows[2]}").text)
    assert "Hello Person 2 , see you on Saturday" in words


@pytest.mark.parametrize("verb", ["pause", "cancel"])
def test_a_verb_asks_with_the_exact_scope_and_is_then_done(scene: Scene, bob: FlaskClient, verb: str) -> None:
    campaign = scene.campaign(people={Status.READ: 2, Status.PENDING: 3})
    question = shown(bob.get(f"/campaigns/{campaign}/{verb}").text)
    assert "3 people" in question
    assert "For 2 people it is done already" in question
    assert post(bob, f"/campaigns/{campaign}/{verb}", reason="wrong date") == 303
    assert scene.read(campaign).status is {"pause": OutboundStatus.PAUSED, "cancel": OutboundStatus.CANCELLED}[verb]


def test_a_paused_campaign_says_why_and_goes_on(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(OutboundStatus.PAUSED, status_reason="the access token was refused")
    page = shown(bob.get(f"/campaigns/{campaign}").text)
    assert "It is paused: the access token was refused" in page
    assert "1 person waits" in page
    assert confirm(bob, f"/campaigns/{campaign}/resume").status_code == 303
    assert scene.read(campaign).status is OutboundStatus.SENDING


@pytest.mark.parametrize(
    "what, reason, says",
    [
        ("It was cancelled", "cancelled", "It was cancelled"),
        ("It was cancelled", "cancelled by Bob", "It was cancelled by Bob"),
        ("It is paused", "paused by Bob", "It is paused by Bob"),
        ("It is paused", "pausedly odd", "It is paused: pausedly odd"),
        ("It stopped", None, "It stopped"),
        ("Paused", "", "Paused"),
    ],
)
def test_a_reason_that_says_what_happened_is_not_said_twice(what: str, reason: str | None, says: str) -> None:
    assert with_reason(what, reason) == says


def test_a_campaign_stopped_without_a_reason_says_who_did_it_once(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign()
    assert post(bob, f"/campaigns/{campaign}/pause") == 303
    page = shown(bob.get(f"/campaigns/{campaign}").text)
    assert "It is paused by Bob" in page
    assert "Paused: " not in page
    assert "It was paused by Bob." in shown(bob.get(f"/campaigns/{campaign}/resume").text)
    assert post(bob, f"/campaigns/{campaign}/cancel") == 303
    assert "It was cancelled by Bob" in shown(bob.get(f"/campaigns/{campaign}").text)


def test_a_verb_that_came_too_late_is_said_and_changes_nothing(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(OutboundStatus.COMPLETED, {Status.READ: 1})
    assert post(bob, f"/campaigns/{campaign}/pause") == 303
    assert "there is nothing to pause" in bob.get(f"/campaigns/{campaign}").text
    assert scene.read(campaign).status is OutboundStatus.COMPLETED


def test_uncertain_messages_are_settled_by_a_person(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(OutboundStatus.COMPLETED, {Status.UNCERTAIN: 2, Status.READ: 1})
    assert "2 messages are uncertain" in bob.get(f"/campaigns/{campaign}").text
    assert "Assume delivered (2)" in bob.get(f"/campaigns/{campaign}/settle").text
    assert post(bob, f"/campaigns/{campaign}/settle", decision="assume_delivered", confirmed="2") == 303
    words = shown(bob.get(f"/campaigns/{campaign}").text)
    assert "uncertain 2" not in words
    assert "delivered, not read 2" in words


# --- who may ----------------------------------------------------------------------------------------------------


def test_a_viewer_sees_masked_numbers_and_may_change_nothing(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "vera")
    campaign = scene.campaign(people={Status.UNCERTAIN: 1, Status.PENDING: 1})
    page = client.get(f"/campaigns/{campaign}").text
    assert "+12025551000" not in page
    assert "•000" in page
    assert '<dialog id="ask-' not in page
    assert "viewers cannot send messages" in page
    assert "viewers cannot send messages" in client.get("/campaigns").text
    for path in ("/campaigns/new", f"/campaigns/{campaign}/pause", f"/campaigns/{campaign}/people.csv"):
        assert client.get(path).status_code == 403
    for path in ("/campaigns", *(f"/campaigns/{campaign}/{verb}" for verb in ("pause", "cancel", "settle", "retries"))):
        assert post(client, path) == 403
    assert scene.read(campaign).status is OutboundStatus.SENDING


def test_another_organization_s_campaign_does_not_exist(scene: Scene, client: FlaskClient) -> None:
    campaign = scene.campaign()
    scene.cast.sign_in(client, "charlie")
    for path in ("", "/live", "/pause", "/people.csv", "/retries/131000"):
        assert client.get(f"/campaigns/{campaign}{path}").status_code == 404
    for verb in ("pause", "resume", "cancel", "settle", "retries"):
        assert post(client, f"/campaigns/{campaign}/{verb}") == 404
    assert client.get("/campaigns/no-id").status_code == 404


def test_compose_counts_nobody_of_another_organization(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "charlie")
    page = client.get("/campaigns/new", query_string=scene.form())
    assert "Nobody is left to send to" in shown(page.text)
    assert "Ana" not in shown(page.text)
    assert "spring · English" not in page.text
    assert "london" not in page.text


def test_the_export_holds_everybody_and_no_formula(scene: Scene, client: FlaskClient) -> None:
    scene.cast.sign_in(client, "adam")
    campaign = scene.campaign(people={Status.READ: 1, Status.FAILED: 1}, codes={Status.FAILED: "131026"})
    with db.organization_context(scene.app, scene.cast.bakery_id):
        db.session.scalars(select(CampaignRecipient).order_by(CampaignRecipient.id).limit(1)).one().name = "=1+1"
        db.session.commit()
    answer = client.get(f"/campaigns/{campaign}/people.csv")
    rows = list(csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig"))))
    assert answer.headers["Content-Disposition"] == 'attachment; filename="spring-opening-people.csv"'
    assert [(row["name"], row["phone"], row["status"]) for row in rows] == [
        ("'=1+1", "+1 202 555 1000", "read"),
        ("Person 1", "+1 202 555 1001", "failed"),
    ]
    assert rows[1]["reason"] == "The message cannot be delivered to this number"


@pytest.mark.parametrize(
    ("narrowed", "names", "file"),
    [
        ("?status=failed", ["Person 1", "Person 2", "Person 3"], "herbstfest-köln-failed-people.csv"),
        ("?status=failed&code=131026", ["Person 1", "Person 2"], "herbstfest-köln-failed-131026-people.csv"),
        ("?status=failed&search=5551002", ["Person 2"], "herbstfest-köln-failed-people.csv"),
        ("", [f"Person {number}" for number in range(4)], "herbstfest-köln-people.csv"),
    ],
)
def test_the_export_takes_the_filter_of_the_page_and_its_name_keeps_every_letter(
    scene: Scene, client: FlaskClient, narrowed: str, names: list[str], file: str
) -> None:
    scene.cast.sign_in(client, "adam")
    people = {Status.READ: 1, Status.FAILED: 3}
    campaign = scene.campaign(people=people, codes={Status.FAILED: "131026"}, name="Herbstfest Köln")
    with db.organization_context(scene.app, scene.cast.bakery_id):
        last = select(CampaignRecipient).order_by(CampaignRecipient.id.desc()).limit(1)
        db.session.scalars(last).one().error_code = "131049"
        db.session.commit()
    page = html.unescape(client.get(f"/campaigns/{campaign}{narrowed}").text)
    assert f'href="/campaigns/{campaign}/export{narrowed}"' in page
    assert ("Export filtered people" if narrowed else "Export people") in page
    answer = client.get(f"/campaigns/{campaign}/people.csv{narrowed}")
    assert [row["name"] for row in csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))] == names
    assert parse_options_header(answer.headers["Content-Disposition"])[1]["filename"] == file


@pytest.mark.parametrize("path", ["people.csv?status=gone", "people.xlsx?status=gone", "people.csv?delimiter=pipe"])
def test_an_export_of_what_is_not_known_is_refused_before_it_begins(
    scene: Scene, client: FlaskClient, path: str
) -> None:
    scene.cast.sign_in(client, "adam")
    assert client.get(f"/campaigns/{scene.campaign()}/{path}").status_code == 422


def test_an_export_comes_in_the_form_that_the_spreadsheet_reads(
    scene: Scene, client: FlaskClient, tmp_path: Path
) -> None:
    scene.cast.sign_in(client, "adam")
    campaign = scene.campaign(people={Status.READ: 2, Status.FAILED: 1}, codes={Status.FAILED: "131026"})
    choice = client.get(f"/campaigns/{campaign}/export?status=read")
    assert "Some of them · read" in shown(choice.text)
    files = re.findall(rf'href="(/campaigns/{campaign}/people[^"]+)"', html.unescape(choice.text))
    assert [each.partition("?")[0].rpartition(".")[2] for each in files] == ["xlsx", "csv", "csv", "csv"]
    semicolons = client.get(files[2]).get_data().decode("utf-8-sig")
    assert [row["phone"] for row in csv.DictReader(io.StringIO(semicolons), delimiter=";")] == [
        "+1 202 555 1000",
        "+1 202 555 1001",
    ]
    path = tmp_path / "people.xlsx"
    path.write_bytes(client.get(files[0]).data)
    header, *rows = CalamineWorkbook.from_path(path).get_sheet_by_index(0).to_python()
    assert [dict(zip(header, row, strict=True))["phone"] for row in rows] == ["+12025551000", "+12025551001"]


@pytest.mark.parametrize(
    "number", ["+4915123006850", "+12025550101", "+33612345678", "+390612345678", "+2348031234567"]
)
def test_a_number_of_an_export_is_text_to_a_spreadsheet_and_the_same_number_to_a_program(number: str) -> None:
    written = readable_phone(number)
    assert harmless(written) == written
    assert " " in written  # else a spreadsheet takes it for a number
    read = normalise_phone(written, None)  # as our import reads it, with no country given
    assert isinstance(read, Phone)
    assert read.e164 == number


def test_what_people_read_about_a_skipped_or_refused_person_is_no_code(scene: Scene, bob: FlaskClient) -> None:
    people = {Status.SKIPPED: 1, Status.FAILED: 1}
    campaign = scene.campaign(people=people, codes={Status.SKIPPED: "missing_variable", Status.FAILED: "131047"})
    words = shown(bob.get(f"/campaigns/{campaign}").text)
    assert "skipped A variable has no value" in words
    assert "failed 131047" in words
    assert "missing variable" not in words
    assert "missing_variable" not in words
    assert "A template may be sent at any time" in words
    assert "choose one" not in words


def test_people_are_in_the_order_of_sending_and_their_pages_say_so(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign(people={Status.READ: 30})
    first = bob.get(f"/campaigns/{campaign}").text
    assert "in the order of sending" in first
    assert "Next page" in first
    assert "Older" not in first
    following = re.search(r'rel="next" href="([^"]+)"', first)
    assert following
    second = bob.get(html.unescape(following[1])).text
    assert "First page" in second
    assert len(re.findall(r'id="person-\d+"', second)) == 5


def test_an_export_reads_each_part_as_its_own_organization(
    scene: Scene, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is read after the request is over, here even while another organization's session is the present one."""
    monkeypatch.setattr(export, "CHUNK", 2)
    scene.cast.sign_in(client, "adam")
    campaign = scene.campaign(people={Status.READ: 7})
    answer = client.get(f"/campaigns/{campaign}/people.csv")
    with db.organization_context(scene.app, scene.cast.other_id):
        text = b"".join(answer.response).decode("utf-8-sig")  # type: ignore[arg-type]
        assert db.require_organization_id() == scene.cast.other_id
    phones = [row["phone"] for row in csv.DictReader(io.StringIO(text))]
    assert phones == [f"+1 202 555 {1000 + number}" for number in range(7)]


def test_an_agent_may_not_export(scene: Scene, bob: FlaskClient) -> None:
    campaign = scene.campaign()
    refusal = bob.get(f"/campaigns/{campaign}/people.csv")
    assert refusal.status_code == 403
    assert "As agent you cannot export the people of a campaign. Ask an owner or admin" in refusal.text
    assert "only owners and admins can export people" in bob.get(f"/campaigns/{campaign}").text


def post(client: FlaskClient, path: str, **data: str) -> int:
    token = csrf_token(client)
    return client.post(path, data={**data, "csrf_token": token}).status_code


def beside(field: str, page: str) -> str:
    """The error beside a field, "" where it has none."""
    found = re.search(rf'id="field-{re.escape(field)}-error">(.*?)</p>', page, re.DOTALL)
    return shown(found[1]) if found else ""


def steady(text: str) -> str:
    """A page without what each request makes anew (moments, tokens), and with its indentation evened out."""
    text = re.sub(r"<time [^>]*>[^<]*</time>", "", text)
    text = re.sub(r'name="csrf_token" value="[^"]+"|name="csrf-token" content="[^"]+"', "", text)
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())

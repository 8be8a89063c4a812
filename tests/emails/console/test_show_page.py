"""The page of an e-mail: one denominator, why people did not get it, who they are, and what it can be told."""

import html
import re

import pytest
from flask.testing import FlaskClient

from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.outbound.statuses import OutboundStatus
from tests.emails.console.conftest import Post
from tests.emails.scene import EmailScene

WENT = {
    Status.DELIVERED: 6,
    Status.BOUNCED: 1,
    Status.COMPLAINED: 1,
    Status.FAILED: 2,
    Status.UNCERTAIN: 1,
    Status.SKIPPED: 2,
    Status.PENDING: 1,
}
WHY = {
    Status.BOUNCED: "bounced",
    Status.COMPLAINED: "complained",
    Status.FAILED: "internal_server_error",
    Status.SKIPPED: "suppressed",
}


def text_of(page: str) -> str:
    """What a reader sees."""
    body = re.sub(r"<(?:template|script|style)\b.*?</(?:template|script|style)>", "", page, flags=re.DOTALL)
    return html.unescape(" ".join(re.sub(r"<[^>]+>", " ", body).split()))


def test_every_share_is_one_of_those_it_was_sent_to_and_the_figures_add_up(
    alice: FlaskClient, scene: EmailScene
) -> None:
    shown = text_of(alice.get(f"/emails/{scene.email(OutboundStatus.SENDING, WENT, WHY)}").text)
    assert "counts add up to 14 people" in shown
    for figure in ("Accepted 8 of 11 sent to", "Delivered 7 63.6 %", "Bounced 1 9.1 %", "Complained 1 9.1 %"):
        assert figure in shown
    assert "9.1 % marked it as spam" in shown
    assert "Opened" not in shown  # nobody asked for it to be tracked


def test_each_reason_says_what_to_do_and_sending_again_is_offered_where_it_can_help(
    alice: FlaskClient, scene: EmailScene
) -> None:
    page = alice.get(f"/emails/{scene.email(OutboundStatus.COMPLETED, WENT, WHY)}").text
    shown = text_of(page)
    assert "Why 4 did not get it, or did not want it" in shown
    assert "Bounced for good The mailbox does not exist or takes nothing" in shown
    assert "Why 2 were left out" in shown
    assert re.findall(r'data-dialog="(ask-retry-[^"]+)"', page) == ["ask-retry-internal_server_error"]


@pytest.mark.parametrize(
    "narrowed, people",
    [
        ("", range(14)),
        ("status=bounced", [6]),
        ("status=failed&code=internal_server_error", [8, 9]),
        ("search=PERSON%201", [1, 10, 11, 12, 13]),
        ("search=person3@", [3]),
    ],
)
def test_people_are_found_by_status_reason_name_and_address(
    alice: FlaskClient, scene: EmailScene, narrowed: str, people: list[int]
) -> None:
    page = alice.get(f"/emails/{scene.email(OutboundStatus.SENDING, WENT, WHY)}?{narrowed}").text
    rows = re.findall(r'<tr id="person-\d+".*?</tr>', page, re.DOTALL)
    assert [int(re.search(r"Person (\d+)", row)[1]) for row in rows] == list(people)  # type: ignore[index]


def test_a_viewer_neither_sees_an_address_nor_finds_somebody_by_it(vera: FlaskClient, scene: EmailScene) -> None:
    here = f"/emails/{scene.email(OutboundStatus.SENDING, WENT, WHY)}"
    assert "person3@example.com" not in vera.get(here).text + vera.get(f"{here}/preview").text
    assert "Nobody in this e-mail matches" in vera.get(f"{here}?search=person3@").text
    assert vera.get(f"{here}/people.csv").status_code == 403


def test_the_frame_shows_one_persons_email_and_lets_nothing_run_or_load(alice: FlaskClient, scene: EmailScene) -> None:
    here = f"/emails/{scene.email()}"
    page = alice.get(here).text
    frame = re.search(r"<iframe[^>]*>", page)
    assert frame is not None
    assert " sandbox " in frame[0]
    answer = alice.get(html.unescape(re.search(r'src="([^"]+)"', frame[0])[1]))  # type: ignore[index]
    assert "Hello Person 0" in answer.text
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert policy.endswith("sandbox")
    assert "script-src 'unsafe-inline'" not in policy


def test_it_is_paused_resumed_and_cancelled(post: Post, alice: FlaskClient, scene: EmailScene) -> None:
    here = f"/emails/{scene.email(OutboundStatus.SENDING)}"
    assert "It is paused: a look at the text" in post(f"{here}/pause", reason="a look at the text").text
    assert "Resume “Spring newsletter”?" in post(f"{here}/resume").text
    asked_again = post(f"{here}/resume", confirmed="7")
    assert (asked_again.status_code, "It was 7 people" in asked_again.text) == (409, True)
    assert "It goes on" in post(f"{here}/resume", confirmed="1").text
    assert "It was cancelled by Alice" in post(f"{here}/cancel").text
    assert "there is nothing to pause" in post(f"{here}/pause").text


def test_who_failed_is_sent_to_again_and_what_is_uncertain_is_settled(post: Post, scene: EmailScene) -> None:
    here = f"/emails/{scene.email(OutboundStatus.COMPLETED, WENT, WHY)}"
    sent = post(f"{here}/retries", code="internal_server_error", confirmed="2")
    assert "They are sent to again" in sent.text
    assert post(f"{here}/retries", code="internal_server_error", confirmed="2").status_code == 404
    settled = post(f"{here}/settle", decision="assume_delivered", confirmed="1").text
    assert "1 uncertain e-mail assumed delivered" in settled


def test_its_people_are_taken_along_as_a_file(alice: FlaskClient, scene: EmailScene) -> None:
    here = f"/emails/{scene.email(OutboundStatus.COMPLETED, WENT, WHY)}"
    assert "Export people" in alice.get(f"{here}/export").text
    assert "person" not in alice.get(f"{here}/people.csv?status=unsubscribed").text
    assert "with “person 6”" in text_of(alice.get(f"{here}/export?search=person+6").text)
    assert alice.get(f"{here}/people.csv?search=person6@").text.count("@example.com") == 1
    header, *rows = alice.get(f"{here}/people.csv?status=bounced").text.splitlines()
    assert header.endswith("name,email,status,code,reason,attempts,accepted_at,sent_at,delayed_at,delivered_at,"
                           "opened_at,clicked_at,bounced_at,complained_at,failed_at,unsubscribed_at")  # fmt: skip
    assert [row.split(",")[:5] for row in rows] == [
        ["Person 6", "person6@example.com", "bounced", "bounced", "Bounced for good"]
    ]


def test_a_look_costs_nothing_while_nothing_changes(alice: FlaskClient, scene: EmailScene) -> None:
    moving = scene.email()
    for here in (f"/emails/{moving}", "/emails"):
        live = re.search(r'hx-get="([^"]+)" hx-trigger="live"', alice.get(here).text)
        assert live is not None
        assert alice.get(html.unescape(live[1]), headers={"HX-Request": "true"}).status_code == 204
    old = scene.email(OutboundStatus.CANCELLED, frozen_at=None, started_at=None, finished_at=None)
    assert "data-live" not in re.sub(r"<header.*?</header>", "", alice.get(f"/emails/{old}").text, flags=re.DOTALL)


def test_a_contact_shows_the_emails_they_got(alice: FlaskClient, scene: EmailScene) -> None:
    sent = scene.email(contact_id=scene.contacts[0])
    page = alice.get(f"/contacts/{scene.contacts[0]}").text
    assert f"/emails/{sent}?person=" in page
    assert "Spring newsletter" in page
    assert "Spring newsletter" not in alice.get(f"/contacts/{scene.contacts[1]}").text

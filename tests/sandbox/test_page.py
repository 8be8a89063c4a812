"""The page shows what phones show, and everything on it works without JavaScript."""

import re
from pathlib import Path

import pytest

from adsapp.sandbox.console.bubbles import filled
from tests.waiting import wait_for

from .conftest import StartSandbox
from .support import ANA, BEN, NUMBER, Client, Receiver, template_message, text_message, text_parameters, welcome


def spring(to: str = ANA) -> dict[str, object]:
    body = {"type": "body", "parameters": text_parameters("Ana <b>", "Saturday")}
    link = {"type": "button", "sub_type": "url", "index": "1", "parameters": text_parameters("harbour")}
    return template_message("spring_opening", "en", [body, link], to)


def test_an_empty_sandbox_says_what_to_do(start_sandbox: StartSandbox) -> None:
    page = start_sandbox(accounts=()).get("/").text
    assert "No message yet" in page
    assert "Start a campaign" in page
    assert "No business number yet" in page


def test_a_message_is_drawn_as_the_phone_shows_it(quiet: Client) -> None:
    quiet.send(spring())
    page = quiet.get("/messages").text
    assert '<span class="variable">Ana &lt;b&gt;</span>' in page
    for words in ("We are open again", "Reply STOP to leave", "https://harbour-bakery.example/book/harbour"):
        assert words in page
    assert "Tap “Opening hours”" in page
    wait_for(lambda: "is-delivered" in quiet.get("/").text or "is-read" in quiet.get("/").text)


def test_a_failed_message_shows_its_code(quiet: Client) -> None:
    quiet.send(welcome("+12025550026"))
    wait_for(lambda: "failed 131026" in quiet.get("/messages").text)


def test_all_kinds_of_messages_can_be_drawn(quiet: Client) -> None:
    quiet.control("inbound", {"from": ANA, "text": "Hello"})
    quiet.send(text_message(text="Good <morning>"))
    quiet.send({"messaging_product": "whatsapp", "to": ANA, "type": "image", "image": {"id": "1"}})
    named = [{"type": "text", "parameter_name": "order_id", "text": "HB-1"}]
    named.append({"type": "text", "parameter_name": "first_name", "text": "Zoë"})
    quiet.send(template_message("order_update", "en_US", [{"type": "body", "parameters": named}]))
    page = quiet.get("/messages").text
    for words in ("Good &lt;morning&gt;", "[image]", "Zoë", "HB-1", "bubble mine"):
        assert words in page


def test_of_many_messages_the_latest_are_shown(start_sandbox: StartSandbox) -> None:
    quiet = start_sandbox({"throughput": 1000}, magic=False)
    for number in range(60):
        quiet.send(welcome(f"+12025{number:06d}"))
    page = quiet.get("/messages").text
    assert "60 messages accepted" in page
    assert page.count('class="phone card"') == 50
    assert page.index("+12025000059") < page.index("+12025000058")


def test_a_phone_with_many_messages_tells_how_many_came_earlier(quiet: Client) -> None:
    for _ in range(6):
        quiet.send(welcome())
    assert "2 earlier" in quiet.get("/messages").text


def test_a_plain_form_replies_as_the_customer(sandbox: Client, receiver: Receiver) -> None:
    sandbox.send(spring(BEN))
    answer = sandbox.form("/replies", {"phone_number_id": NUMBER, "from": BEN, "text": "STOP"})
    assert (answer.status, answer.headers["Location"]) == (303, "/")
    receiver.wait_until(lambda: [item["type"] for item in receiver.items("messages")] == ["text"])
    sandbox.form("/replies", {"phone_number_id": NUMBER, "from": BEN, "button": "Opening hours"})
    receiver.wait_until(lambda: len(receiver.items("messages")) == 2)
    tap = receiver.items("messages")[1]
    assert tap["button"]["text"] == "Opening hours"
    assert tap["context"]["id"] == sandbox.ledger()[0]["wamid"]
    assert sandbox.get("/messages").text.count("bubble mine") == 2


def test_faults_clock_and_reset_work_as_plain_forms(quiet: Client) -> None:
    assert quiet.form("/faults", {"to": ANA, "what": "131000", "times": "1"}).status == 303
    assert quiet.form("/faults", {"to": "", "what": "drop_after_accept", "times": ""}).status == 303
    assert quiet.send(welcome()).code == 131000
    figures = quiet.get("/figures").text
    assert "Connection drops" in figures
    assert "1 of 1 done" in figures
    quiet.form("/faults/removals", {"id": "1"})
    assert len(quiet.get("/_sandbox/faults").json["faults"]) == 1
    quiet.form("/clock", {"advance_seconds": "3600"})
    assert "3,600 s ahead" in quiet.get("/figures").text
    quiet.form("/resets", {})
    assert quiet.get("/_sandbox/faults").json == {"faults": []}


@pytest.mark.parametrize(
    ("path", "fields", "words"),
    [
        ("/replies", {"from": "Ana", "text": "Hello"}, "not a phone number"),
        ("/replies", {"from": ANA, "text": " "}, "nothing to say"),
        ("/faults", {"to": "Ana", "what": "131000"}, "expected a phone number"),
        ("/faults", {"to": ANA, "what": "much"}, "not a whole number"),
        ("/clock", {"advance_seconds": "-5"}, "not a whole number"),
    ],
)
def test_a_form_that_cannot_be_used_says_why(quiet: Client, path: str, fields: dict[str, str], words: str) -> None:
    answer = quiet.form(path, fields)
    assert answer.status == 422
    assert 'role="alert"' in answer.text
    assert words in answer.text


def test_the_page_needs_nothing_inline_and_says_so(quiet: Client) -> None:
    quiet.send(spring())
    quiet.control("faults", {"code": 131000})
    answer = quiet.get("/")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", answer.text)
    for path in re.findall(r'(?:href|src)="(/[^"]+)"', answer.text):
        assert quiet.get(path).status == 200


def test_the_consoles_typeface_is_used_where_it_is_given(start_sandbox: StartSandbox, tmp_path: Path) -> None:
    folder = tmp_path / "vendor" / "inter"
    folder.mkdir(parents=True)
    (folder / "inter-latin-wght-normal.woff2").write_bytes(b"font")
    client = start_sandbox(static=tmp_path)
    (url,) = re.findall(r'url\("([^"]+)"\)', client.get("/font.css").text)
    assert client.get(url).text == "font"
    assert start_sandbox().get("/font.css").text == ""


def test_a_variable_without_a_value_stays_visible() -> None:
    assert filled("Hi {{1}}, {{2}}", text_parameters("Ana")) == [
        ("Hi ", False),
        ("Ana", True),
        (", ", False),
        ("{{2}}", True),
    ]

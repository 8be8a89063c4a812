"""The provider's endpoints over real HTTP."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import StartSandbox
from .support import (
    ANA,
    BEN,
    NUMBER,
    TOKEN,
    WABA,
    Client,
    Receiver,
    account,
    template_message,
    text_message,
    text_parameters,
    welcome,
)


def test_an_accepted_message_is_answered_and_entered_once(quiet: Client) -> None:
    answer = quiet.send(welcome("+1 (202) 555-0101", biz_opaque_callback_data="row 1"))
    assert answer.status == 200
    assert answer.json["contacts"] == [{"input": "+1 (202) 555-0101", "wa_id": "12025550101"}]
    message = answer.json["messages"][0]
    assert message["message_status"] == "accepted"
    (line,) = quiet.ledger()
    assert line["to"] == ANA
    assert line["wamid"] == message["id"]
    assert line["biz_opaque_callback_data"] == "row 1"
    assert line["template"] == "welcome"
    assert isinstance(line["accepted_at"], float)


def test_a_message_id_has_the_providers_form(quiet: Client) -> None:
    wamid = quiet.send(welcome()).json["messages"][0]["id"]
    raw = base64.b64decode(wamid.removeprefix("wamid."))
    assert raw[:3] == b"\x1c\x18\x0b"
    assert raw[3:14] == b"12025550101"
    assert raw[14:20] == b"\x15\x02\x00\x11\x18\x12"
    assert len(raw) == 20 + 18 + 1


def test_the_same_seed_gives_the_same_ids(start_sandbox: StartSandbox) -> None:
    first, second = (start_sandbox(seed=7).send(welcome()).json["messages"] for _ in range(2))
    assert first == second


def test_any_version_will_do(quiet: Client) -> None:
    assert quiet.call("POST", f"/v19.0/{NUMBER}/messages", welcome()).status == 200
    assert quiet.call("POST", f"/{NUMBER}/messages", welcome()).status == 404


@pytest.mark.parametrize("token", [None, "", "another"])
def test_without_the_right_token_nothing_is_sent(quiet: Client, token: str | None) -> None:
    answer = quiet.send(welcome(), token=token)
    assert (answer.status, answer.code) == (401, 190)
    assert answer.json["error"]["type"] == "OAuthException"
    assert quiet.ledger() == []
    assert quiet.stats()["refused_by_code"] == {"190": 1}


def test_an_unknown_number_is_an_unknown_object(quiet: Client) -> None:
    answer = quiet.send(welcome(), number="999")
    assert (answer.status, answer.code) == (400, 100)
    assert answer.json["error"]["error_subcode"] == 33


def test_a_number_of_somebody_else_is_closed(start_sandbox: StartSandbox) -> None:
    other = account(phone_number_id="2", waba_id="22", token="other")
    client = start_sandbox(accounts=(account(), other))
    assert client.send(welcome(), number="2").code == 190
    assert client.get("/v25.0/22/message_templates").code == 190
    assert client.send(welcome(), number="2", token="other").status == 200


def test_what_is_not_json_is_refused(quiet: Client) -> None:
    assert quiet.send(b"{").code == 100
    assert quiet.send([]).code == 100


def test_free_text_needs_a_customer_who_wrote_within_a_day(sandbox: Client) -> None:
    assert sandbox.send(text_message()).code == 131047
    sandbox.control("inbound", {"from": ANA, "text": "Hello"})
    assert sandbox.send(text_message()).status == 200
    assert sandbox.send(text_message(BEN)).code == 131047
    sandbox.control("clock", {"advance_seconds": 24 * 3600})
    assert sandbox.send(text_message()).code == 131047


def test_a_read_mark_is_taken(quiet: Client) -> None:
    mark = {"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.x"}
    assert quiet.send(mark).json == {"success": True}


def test_over_the_throughput_is_refused_and_counted(start_sandbox: StartSandbox) -> None:
    client = start_sandbox({"throughput": 5}, latency_ms=10)
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda n: client.send(welcome(f"+120255501{n:02d}")), range(12)))
    accepted = [answer for answer in answers if answer.status == 200]
    refused = [answer for answer in answers if answer.status == 429]
    assert {answer.code for answer in refused} <= {130429}
    assert len(accepted) + len(refused) == 12
    times = sorted(line["accepted_at"] for line in client.ledger())
    assert all(later - earlier >= 1 for earlier, later in zip(times, times[5:], strict=False))
    stats = client.stats()
    assert stats["accepted"] == len(accepted)
    assert stats["refused_by_code"].get("130429", 0) == len(refused)
    assert stats["most_in_one_second"] > 5 or not refused


def test_too_many_to_one_person_is_refused_for_that_person_only(quiet: Client) -> None:
    assert [quiet.send(welcome()).code for _ in range(46)] == [0] * 45 + [131056]
    assert quiet.send(welcome(BEN)).status == 200
    quiet.control("clock", {"advance_seconds": 45 * 6})
    assert quiet.send(welcome()).status == 200


def test_all_templates_come_page_by_page(quiet: Client) -> None:
    url, names = f"/v25.0/{WABA}/message_templates?fields=name,status&limit=3", []
    while url:
        page = quiet.get(url).json
        names += [row["name"] for row in page["data"]]
        url = page["paging"].get("next", "")
    assert len(names) == len(set(names)) == 7


def test_a_listing_without_rows_has_no_paging(quiet: Client) -> None:
    assert quiet.get(f"/v25.0/{WABA}/message_templates?name=nothing").json == {"data": []}


def test_templates_need_a_token_and_a_known_account(quiet: Client) -> None:
    assert quiet.get(f"/v25.0/{WABA}/message_templates", token="another").code == 190
    assert quiet.get("/v25.0/999/message_templates").code == 100
    assert quiet.get(f"/v25.0/{WABA}/message_templates?limit=0").code == 100


def test_a_number_tells_about_itself(quiet: Client) -> None:
    phone = quiet.get(f"/v25.0/{NUMBER}?fields=throughput,quality_rating,display_phone_number,verified_name").json
    assert phone == {
        "throughput": {"level": "STANDARD"},
        "quality_rating": "GREEN",
        "display_phone_number": "15550783881",
        "verified_name": "Harbour Bakery",
        "id": NUMBER,
    }
    quiet.control("throughput", {"phone_number_id": NUMBER, "per_second": 1000})
    assert quiet.get(f"/v25.0/{NUMBER}?fields=throughput").json["throughput"] == {"level": "HIGH"}
    assert quiet.get(f"/v25.0/{NUMBER}?fields=colour").code == 100


def test_a_template_tells_about_itself(quiet: Client) -> None:
    assert quiet.get("/v25.0/1000000000000006?fields=status").json["status"] == "PAUSED"
    assert quiet.get("/v25.0/77").code == 100
    assert quiet.call("DELETE", f"/v25.0/{WABA}/message_templates?name=nothing").code == 100


@pytest.mark.parametrize(
    ("ending", "codes"),
    [
        ("0047", [131047, 131047]),
        ("0190", [190, 190]),
        ("0056", [131056, 0]),
        ("0429", [130429, 130429, 0]),
        ("0500", [131000, 0]),
        ("9001", [0]),
    ],
)
def test_odd_recipients_are_refused_as_often_as_told(quiet: Client, ending: str, codes: list[int]) -> None:
    assert [quiet.send(welcome(f"+1202555{ending}")).code for _ in codes] == codes


def test_without_magic_nobody_is_odd(start_sandbox: StartSandbox) -> None:
    client = start_sandbox(magic=False)
    assert client.send(welcome("+12025550047")).status == 200
    assert client.get("/_sandbox/magic").json["on"] is False


def test_a_wa_id_that_differs_is_told_in_the_answer(quiet: Client) -> None:
    assert quiet.send(welcome("+5511999999009")).json["contacts"][0]["wa_id"] == "551199999009"


def test_a_held_message_says_so(quiet: Client) -> None:
    assert quiet.send(welcome("+12025559001")).json["messages"][0]["message_status"] == "held_for_quality_assessment"


def test_an_answer_that_never_comes_was_accepted_all_the_same(sandbox: Client, receiver: Receiver) -> None:
    with pytest.raises(TimeoutError):
        sandbox.send(welcome("+12025559003"), timeout=0.5)
    (line,) = sandbox.ledger()
    receiver.wait_until(lambda: "delivered" in receiver.statuses(line["wamid"]))


@pytest.mark.parametrize("fault", ["drop_after_accept", "hang_after_accept"])
def test_a_fault_after_acceptance_leaves_the_sender_in_doubt(quiet: Client, fault: str) -> None:
    quiet.control("faults", {fault: True, "times": 1})
    with pytest.raises(OSError):  # noqa: PT011  # a reset, a closed connection or a timeout: all are no answer
        quiet.send(welcome(), timeout=0.5)
    assert len(quiet.ledger()) == 1
    assert quiet.send(welcome(BEN)).status == 200


def test_a_refusing_fault_comes_with_its_status_and_wait(quiet: Client) -> None:
    quiet.control("faults", {"match": {"to": ANA}, "code": 130429, "http": 400, "retry_after": 5, "times": 1})
    answer = quiet.send(welcome())
    assert (answer.status, answer.code, answer.headers["Retry-After"]) == (400, 130429, "5")
    assert quiet.send(welcome()).status == 200


def test_a_slow_answer_is_accepted_at_once(quiet: Client) -> None:
    quiet.control("faults", {"delay_ms": 60_000, "times": 1})
    with pytest.raises(TimeoutError):
        quiet.send(welcome(), timeout=0.5)
    assert len(quiet.ledger()) == 1


def test_all_parts_of_a_template_go_through(quiet: Client) -> None:
    message = template_message(
        "spring_opening",
        "en",
        [
            {"type": "body", "parameters": text_parameters("Ana", "Saturday")},
            {"type": "button", "sub_type": "url", "index": "1", "parameters": text_parameters("harbour")},
        ],
    )
    assert quiet.send(message, token=TOKEN).status == 200

"""The client against a real server on loopback: each way a send may end, and no secret in any of them."""

from __future__ import annotations

import asyncio
import json
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import aiohttp
import pytest
from aiohttp import web

from adsapp.integrations.base import Accepted, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, ProviderError
from adsapp.integrations.http import open_session
from adsapp.integrations.whatsapp.client import CloudApi
from adsapp.integrations.whatsapp.messages import template_message
from tests.paths import CASES

TOKEN = "EAAGmade-up-token"
ANA = "+12025550100"
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
OK = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": ANA, "wa_id": "12025550100"}],
    "messages": [{"id": "wamid.1", "message_status": "accepted"}],
}


def with_server(handler: Handler, use: Callable[[CloudApi], Awaitable[T]], timeout: float = 5.0) -> T:
    """Run `use` with a client whose every request `handler` answers."""

    async def run() -> T:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        port: int = runner.addresses[0][1]
        try:
            async with open_session() as session:
                return await use(client(session, port, timeout))
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def client(session: aiohttp.ClientSession, port: int, timeout: float = 5.0) -> CloudApi:
    return CloudApi(
        session,
        base_url=f"http://127.0.0.1:{port}/",
        api_version="v25.0",
        phone_number_id="100000000000001",
        waba_id="200000000000001",
        token=TOKEN,
        timeout=timeout,
    )


async def welcome(api: CloudApi) -> Outcome:
    return await api.send(template_message(to=ANA, name="welcome", language="en_US", callback_data="r:1"))


def answering(status: int, body: object, headers: dict[str, str] | None = None) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        text = body if isinstance(body, str) else json.dumps(body)
        return web.Response(status=status, text=text, headers=headers)

    return handler


def test_an_accepted_message_gives_its_id_and_the_request_is_the_providers() -> None:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(path=request.path, headers=request.headers.copy(), body=await request.json())
        return web.json_response(OK)

    assert with_server(handler, welcome) == Accepted("wamid.1", "12025550100", is_held=False)
    assert seen["path"] == "/v25.0/100000000000001/messages"
    assert seen["headers"]["Authorization"] == f"Bearer {TOKEN}"
    assert seen["headers"]["Content-Type"] == "application/json"
    assert seen["body"]["to"] == ANA
    assert seen["body"]["biz_opaque_callback_data"] == "r:1"


def test_a_refusal_is_classified_with_the_providers_wish() -> None:
    error = {"error": {"message": "(#130429) Rate limit hit", "code": 130429}}
    outcome = with_server(answering(400, error, {"Retry-After": "5"}), welcome)
    assert isinstance(outcome, Refused)
    assert (outcome.error.action, outcome.error.retry_after) == (Action.SLOW_NUMBER, 5.0)


def test_an_error_is_an_error_whatever_the_http_status() -> None:
    outcome = with_server(answering(200, {"error": {"code": 190, "message": "expired"}}), welcome)
    assert isinstance(outcome, Refused)
    assert outcome.error.action is Action.ACCOUNT


@pytest.mark.parametrize(
    "body", ["", "<html>", "[]", "{}", '{"messages": []}', '{"messages": [{"id": ""}]}', "[" * 99_999]
)
def test_an_unreadable_200_is_uncertain(body: str) -> None:
    assert isinstance(with_server(answering(200, body), welcome), Uncertain)


def test_a_gateways_error_page_is_uncertain_since_the_message_may_have_gone_through() -> None:
    assert isinstance(with_server(answering(502, "<html>Bad gateway"), welcome), Uncertain)


def test_an_unreadable_refusal_is_a_refusal() -> None:
    outcome = with_server(answering(404, "<html>"), welcome)
    assert isinstance(outcome, Refused)
    assert outcome.error.action is Action.ACCOUNT
    assert "404" in outcome.error.message


def test_a_redirect_is_not_followed_with_the_token() -> None:
    calls: list[str] = []

    async def handler(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response(status=307, headers={"Location": "/elsewhere"})

    assert isinstance(with_server(handler, welcome), Refused)
    assert calls == ["/v25.0/100000000000001/messages"]


def test_silence_after_the_request_was_written_is_uncertain() -> None:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.Event().wait()
        raise AssertionError

    assert isinstance(with_server(handler, welcome, timeout=0.2), Uncertain)


def test_a_connection_dropped_after_the_request_is_uncertain() -> None:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    assert isinstance(with_server(handler, welcome), Uncertain)


def test_an_answer_that_breaks_off_is_uncertain() -> None:
    async def handler(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "500"})
        await response.prepare(request)
        await response.write(b'{"messages": [')
        assert request.transport is not None
        request.transport.abort()
        return response

    assert isinstance(with_server(handler, welcome), Uncertain)


def test_a_refused_connection_means_nothing_was_sent() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))  # bound but not listening: connections are refused

        async def run() -> Outcome:
            async with open_session() as session:
                return await welcome(client(session, reserved.getsockname()[1]))

        assert isinstance(asyncio.run(run()), NotSent)


def test_waiting_in_vain_for_a_free_connection_means_nothing_was_sent() -> None:
    arrived = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def second(api: CloudApi) -> Outcome:
        async with open_session(max_in_flight=1) as session:
            port = int(repr(api).split(":")[2].split("/")[0])
            first = asyncio.ensure_future(welcome(client(session, port, timeout=60)))
            await arrived.wait()
            outcome = await welcome(client(session, port, timeout=0.1))
            first.cancel()
            return outcome

    assert isinstance(with_server(handler, second), NotSent)


def test_a_cancelled_send_is_cancelled() -> None:
    arrived = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        await request.read()
        arrived.set()
        await asyncio.Event().wait()
        raise AssertionError

    async def cancel(api: CloudApi) -> None:
        task = asyncio.ensure_future(welcome(api))
        await arrived.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with_server(handler, cancel)


def test_the_token_is_in_no_outcome_error_repr_or_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    echo = {"error": {"code": 190, "message": f"Malformed access token {TOKEN}"}}

    async def every_way(api: CloudApi) -> str:
        with pytest.raises(ProviderError) as caught:
            await api.templates()
        said = [repr(await welcome(api)), repr(api), str(api), str(caught.value), repr(caught.value.error)]
        return " ".join(said)

    said = with_server(answering(401, echo), every_way)
    assert "Malformed access token" in said
    assert TOKEN not in said + caplog.text


@pytest.mark.parametrize(
    "wrong",
    [{"api_version": "25"}, {"phone_number_id": "../1"}, {"waba_id": ""}, {"token": "two words"}, {"token": "é\n"}],
)
def test_wrong_settings_are_named_without_being_repeated(wrong: dict[str, str]) -> None:
    right: dict[str, Any] = {"api_version": "v25.0", "phone_number_id": "1", "waba_id": "2", "token": TOKEN}

    async def run() -> None:
        async with open_session() as session:
            CloudApi(session, base_url="http://127.0.0.1", **{**right, **wrong})

    with pytest.raises(ValueError, match=next(iter(wrong))) as caught:
        asyncio.run(run())
    assert "two words" not in str(caught.value)


def paged(pages: list[dict[str, Any]], queries: list[dict[str, str]]) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        queries.append(dict(request.query))
        return web.json_response(pages[min(len(queries), len(pages)) - 1])

    return handler


def page(*names: str, after: str = "", more: bool = False) -> dict[str, Any]:
    paging: dict[str, Any] = {"cursors": {"before": "b", "after": after}}
    if more:
        paging["next"] = f"https://graph.example/?access_token={TOKEN}&after={after}"
    return {"data": [{"name": name} for name in names], "paging": paging}


def test_templates_come_from_all_pages_and_a_cursor_alone_is_no_further_page() -> None:
    queries: list[dict[str, str]] = []
    pages = [page("a", "b", after="c1", more=True), page("c", after="c2")]
    found = with_server(paged(pages, queries), CloudApi.templates)
    assert [entry["name"] for entry in found] == ["a", "b", "c"]
    assert [query.get("after") for query in queries] == [None, "c1"]
    assert "components" in queries[0]["fields"]


def test_a_list_that_breaks_off_on_its_third_page_is_an_error_and_no_shorter_list() -> None:
    queries: list[dict[str, str]] = []
    whole = paged([page("a", after="c1", more=True), page("b", after="c2", more=True)], queries)

    async def handler(request: web.Request) -> web.StreamResponse:
        if len(queries) == 2:
            return web.json_response({"error": {"code": 2, "message": "Service temporarily unavailable"}}, status=503)
        return await whole(request)

    with pytest.raises(ProviderError) as failed:
        with_server(handler, CloudApi.templates)
    assert failed.value.error.code == "2"


def test_a_next_page_without_cursors_is_still_found() -> None:
    queries: list[dict[str, str]] = []
    first = page("a", after="c1", more=True)
    del first["paging"]["cursors"]
    assert len(with_server(paged([first, page("b")], queries), CloudApi.templates)) == 2
    assert queries[1]["after"] == "c1"


def test_a_list_that_goes_round_in_circles_is_an_error_not_half_a_list() -> None:
    with pytest.raises(ProviderError, match="could not be reached"):
        with_server(paged([page("a", after="c1", more=True)], []), CloudApi.templates)


def test_the_phone_number_is_read_and_a_wrong_id_says_what_to_compare() -> None:
    number = {"id": "1", "throughput": {"level": "STANDARD"}}
    assert with_server(answering(200, number), CloudApi.phone_number) == number
    unknown = {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request"}}
    with pytest.raises(ProviderError) as caught:
        with_server(answering(400, unknown), CloudApi.phone_number)
    assert "phone number id" in caught.value.error.advice


def test_a_read_that_gets_no_sense_may_be_tried_again() -> None:
    with pytest.raises(ProviderError) as caught:
        with_server(answering(502, "<html>"), CloudApi.phone_number)
    assert caught.value.error.action is Action.RETRY


def test_a_read_of_a_server_that_is_down_may_be_tried_again() -> None:
    with socket.socket() as reserved:
        reserved.bind(("127.0.0.1", 0))

        async def run() -> None:
            async with open_session() as session:
                await client(session, reserved.getsockname()[1]).templates()

        with pytest.raises(ProviderError) as caught:
            asyncio.run(run())
    assert caught.value.error.action is Action.RETRY


def test_a_message_may_be_accepted_and_held() -> None:
    held = {"messages": [{"id": "wamid.1", "message_status": "held_for_quality_assessment"}]}
    outcome = with_server(answering(200, held), welcome)
    assert isinstance(outcome, Accepted)
    assert outcome.is_held
    assert outcome.address is None


def test_one_loop_keeps_many_messages_in_flight() -> None:
    waiting = 0
    together = asyncio.Event()

    async def handler(request: web.Request) -> web.Response:
        nonlocal waiting
        await request.read()
        waiting += 1
        if waiting == 200:
            together.set()  # nobody is answered before all 200 are here
        await together.wait()
        return web.json_response(OK)

    async def many(api: CloudApi) -> list[Outcome]:
        return list(await asyncio.gather(*(welcome(api) for _ in range(200))))

    assert all(isinstance(outcome, Accepted) for outcome in with_server(handler, many, timeout=30))


def test_the_rate_limit_answers_of_the_case_are_told_apart() -> None:
    rules = json.loads((CASES / "C04-rate-limit-answers" / "rules.json").read_text())
    expected: dict[str, list[Action | None]] = {
        "12025550101": [Action.SLOW_NUMBER, Action.SLOW_NUMBER, None],
        "12025550102": [Action.RETRY_RECIPIENT, None],
        "12025550103": [Action.RECIPIENT],
        "12025550104": [Action.RECIPIENT],
        "12025550105": [Action.CAMPAIGN],
        "12025550106": [Action.RETRY, None],
    }
    steps = {digits: iter(rules[digits]) for digits in expected}

    async def handler(request: web.Request) -> web.Response:
        step = next(steps[(await request.json())["to"].lstrip("+")])
        if step == "ok":
            return web.json_response(OK)
        status, code = step["err"]
        headers = {"Retry-After": str(step["retry_after"])} if "retry_after" in step else None
        return web.json_response({"error": {"code": code}}, status=status, headers=headers)

    async def actions(api: CloudApi) -> dict[str, list[Action | None]]:
        return {digits: [await action(api, digits) for _ in listed] for digits, listed in expected.items()}

    assert with_server(handler, actions) == expected


async def action(api: CloudApi, digits: str) -> Action | None:
    outcome = await api.send(template_message(to=f"+{digits}", name="welcome", language="en_US"))
    return outcome.error.action if isinstance(outcome, Refused) else None

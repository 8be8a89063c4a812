"""The client against a real server on loopback: what goes over the wire, each way a request may end, and no secret in
any of them."""

import asyncio
import json
import socket
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import pytest
from aiohttp import web

from adsapp.integrations.base import Accepted, EmailMessage, Limits, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, ProviderError
from adsapp.integrations.http import open_session
from adsapp.integrations.resend import codes
from adsapp.integrations.resend.client import ResendApi, read_answer
from adsapp.integrations.resend.connection import Wanted, ask
from adsapp.integrations.resend.errors import classify
from adsapp.integrations.resend.messages import request_of
from adsapp.sandbox.running import running_app

KEY = "re_made_up"
T = TypeVar("T")
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]
NOON = datetime(2026, 11, 29, 12, tzinfo=UTC)


def mail(to: str = "ana@example.com", **more: Any) -> EmailMessage:
    values: dict[str, Any] = {"html": "<p>Hello</p>", "text": "Hello", "reference": "7", **more}
    return EmailMessage(to, "Harbour Bakery <hello@harbour-bakery.example>", "We are open", **values)


def with_server(
    handler: Handler, use: Callable[[ResendApi], Awaitable[T]], timeout: float = 5.0, limits: Limits | None = None
) -> T:
    """Run `use` with a client whose every request `handler` answers."""

    async def run() -> T:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", handler)
        runner = web.AppRunner(app, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}/"
        try:
            async with open_session() as http:
                return await use(ResendApi(http, base_url=url, key=KEY, limits=limits or Limits(), timeout=timeout))
        finally:
            await runner.cleanup()

    return asyncio.run(run())


def answering(status: int, body: object, headers: dict[str, str] | None = None) -> Handler:
    async def handler(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(status=status, text=body if isinstance(body, str) else json.dumps(body), headers=headers)

    return handler


async def one(api: ResendApi) -> Outcome:
    return await api.send(request_of([mail()], "email-1/chunk-1"))


async def two(api: ResendApi) -> Outcome:
    return await api.send(request_of([mail(), mail("ben@example.com")], "email-1/chunk-2"))


def seen_by(use: Callable[[ResendApi], Awaitable[Outcome]], answer: object) -> dict[str, Any]:
    seen: dict[str, Any] = {}

    async def handler(request: web.Request) -> web.Response:
        seen.update(path=request.path, headers=request.headers.copy(), body=await request.json())
        return web.json_response(answer, headers={"ratelimit-limit": "5;w=1", "x-resend-daily-quota": "12"})

    limits = Limits()
    seen["outcome"] = with_server(handler, use, limits=limits)
    assert (limits.requests_per_second, limits.daily_sent, limits.monthly_sent) == (5.0, 12, None)
    return seen


def test_one_email_goes_as_the_provider_documents_it() -> None:
    async def send(api: ResendApi) -> Outcome:
        full = mail(
            reply_to="shop@harbour-bakery.example",
            unsubscribe_url="https://shop.example/u/1",
            tags={"campaign": "spring"},
            attachments=[{"filename": "menu.pdf", "content_type": "application/pdf", "content": "QUJD"}],
        )
        return await api.send(request_of([full], "email-1/chunk-1"))

    seen = seen_by(send, {"id": "e-1"})
    assert seen["outcome"] == Accepted("e-1")
    assert seen["path"] == "/emails"
    headers = seen["headers"]
    assert (headers["Authorization"], headers["Idempotency-Key"]) == (f"Bearer {KEY}", "email-1/chunk-1")
    assert headers["User-Agent"].startswith("ADSapp")
    assert seen["body"] == {
        "from": "Harbour Bakery <hello@harbour-bakery.example>",
        "to": ["ana@example.com"],
        "subject": "We are open",
        "html": "<p>Hello</p>",
        "text": "Hello",
        "reply_to": "shop@harbour-bakery.example",
        "headers": {
            "List-Unsubscribe": "<https://shop.example/u/1>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        "tags": [{"name": "campaign", "value": "spring"}, {"name": "recipient", "value": "7"}],
        "attachments": [{"filename": "menu.pdf", "content_type": "application/pdf", "content": "QUJD"}],
    }


def test_a_batch_says_of_each_what_became_of_it() -> None:
    answer = {"data": [{"id": "e-2"}], "errors": [{"index": 0, "message": "Invalid `to` field."}]}
    seen = seen_by(two, answer)
    assert (seen["path"], seen["headers"]["x-batch-validation"]) == ("/emails/batch", "permissive")
    assert [each["to"] for each in seen["body"]] == [["ana@example.com"], ["ben@example.com"]]
    [first, second] = seen["outcome"].each
    assert second == Accepted("e-2")
    assert isinstance(first, Refused)
    assert (first.error.code, first.error.message) == ("validation_error", "Invalid `to` field.")


@pytest.mark.parametrize(
    "data", [[], [{"id": "a"}], [{"id": "a"}, {"id": ""}], [{"id": "a"}, {"id": "b"}, {"id": "c"}]]
)
def test_ids_that_do_not_fit_the_batch_leave_it_in_doubt(data: list[Any]) -> None:
    assert isinstance(read_answer(200, {}, json.dumps({"data": data}), 2), Uncertain)


@pytest.mark.parametrize("mails", [[], [mail()] * 101, [mail(attachments=[{"content": "QQ=="}])] * 2])
def test_what_no_request_can_carry_is_refused_here(mails: list[EmailMessage]) -> None:
    with pytest.raises(ValueError, match=r"request has 1 to 100|goes alone"):
        request_of(mails, "k")


@pytest.mark.parametrize("status, body", [(200, ""), (200, "{}"), (200, "[]"), (502, "<html>"), (500, "[" * 9_999)])
def test_an_answer_that_cannot_be_read_leaves_it_in_doubt(status: int, body: str) -> None:
    assert isinstance(with_server(answering(status, body), one), Uncertain)


def test_an_answer_that_does_not_come_leaves_it_in_doubt() -> None:
    async def silent(request: web.Request) -> web.Response:
        await request.read()
        await asyncio.sleep(30)
        raise AssertionError("nobody waits so long")

    assert isinstance(with_server(silent, one, timeout=0.2), Uncertain)


def test_a_provider_that_cannot_be_reached_got_nothing() -> None:
    async def send() -> Outcome:
        with socket.socket() as taken:  # bound and not listening: refused
            taken.bind(("127.0.0.1", 0))
            async with open_session() as http:
                url = f"http://127.0.0.1:{taken.getsockname()[1]}"
                return await one(ResendApi(http, base_url=url, key=KEY, limits=Limits()))

    assert isinstance(asyncio.run(send()), NotSent)


# The provider's table (facts B3): HTTP status, name, and the class that decides what happens next.
B3 = [
    (400, "invalid_idempotency_key", Action.CAMPAIGN),
    (400, "validation_error", Action.CAMPAIGN),
    (401, "missing_api_key", Action.ACCOUNT),
    (401, "restricted_api_key", Action.ACCOUNT),
    (403, "invalid_api_key", Action.ACCOUNT),
    (403, "validation_error", Action.ACCOUNT),
    (403, "invalid_permission", Action.ACCOUNT),
    (403, "suspended_api_key", Action.ACCOUNT),
    (403, "email_above_quota", Action.ACCOUNT),
    (404, "not_found", Action.CAMPAIGN),
    (405, "method_not_allowed", Action.CAMPAIGN),
    (409, "invalid_idempotent_request", Action.IN_DOUBT),
    (409, "concurrent_idempotent_requests", Action.SAME_REQUEST),
    (409, "resource_locked", Action.SAME_REQUEST),
    (422, "missing_required_field", Action.CAMPAIGN),
    (422, "missing_required_parameter", Action.CAMPAIGN),
    (422, "invalid_parameter", Action.CAMPAIGN),
    (422, "invalid_attachment", Action.CAMPAIGN),
    (422, "validation_error", Action.CAMPAIGN),
    (422, "invalid_from_address", Action.CAMPAIGN),
    (422, "invalid_access", Action.CAMPAIGN),
    (422, "invalid_region", Action.CAMPAIGN),
    (429, "rate_limit_exceeded", Action.SLOW_NUMBER),
    (429, "daily_quota_exceeded", Action.QUOTA),
    (429, "monthly_quota_exceeded", Action.ACCOUNT),
    (451, "security_error", Action.CAMPAIGN),
    (500, "application_error", Action.SAME_REQUEST),
    (500, "internal_server_error", Action.SAME_REQUEST),
    (503, "service_unavailable", Action.SAME_REQUEST),
]


@pytest.mark.parametrize("status, name, action", B3)
def test_every_error_the_provider_documents_has_its_class_and_says_what_to_do(
    status: int, name: str, action: Action
) -> None:
    outcome = read_answer(status, {}, json.dumps({"statusCode": status, "name": name, "message": "no"}), 1)
    assert isinstance(outcome, Refused)
    assert outcome.error.action is action
    assert outcome.error.title
    assert outcome.error.advice


def test_the_table_knows_no_other_errors() -> None:
    assert {name for _, name, _ in B3} | {codes.DOMAIN} == codes.MEANINGS.keys()


@pytest.mark.parametrize(
    "status, action",
    [(418, Action.CAMPAIGN), (403, Action.ACCOUNT), (429, Action.SLOW_NUMBER), (507, Action.SAME_REQUEST)],
)
def test_an_error_of_another_name_is_read_by_its_status(status: int, action: Action) -> None:
    assert classify({"name": "brand_new"}, http_status=status).action is action


@pytest.mark.parametrize(
    "name, headers, seconds",
    [
        ("rate_limit_exceeded", {"Retry-After": "3"}, 3.0),
        ("rate_limit_exceeded", {"ratelimit-reset": "2"}, 2.0),
        ("rate_limit_exceeded", {}, 1.0),
        ("daily_quota_exceeded", {"retry-after": "60"}, 60.0),
        ("daily_quota_exceeded", {}, 12 * 3600 + 60.0),  # midnight by UTC, and a minute
    ],
)
def test_a_wait_is_as_long_as_the_provider_says(name: str, headers: dict[str, str], seconds: float) -> None:
    assert classify({"name": name}, http_status=429, headers=headers, now=NOON).retry_after == seconds


def test_the_key_is_in_no_text() -> None:
    refusal = {"statusCode": 403, "name": "invalid_api_key", "message": f"API key {KEY} is invalid"}
    outcome = with_server(answering(403, refusal), one)
    assert isinstance(outcome, Refused)
    assert outcome.error.message == "API key [key] is invalid"

    async def shown(api: ResendApi) -> str:
        return repr(api)

    assert KEY not in with_server(answering(200, {}), shown)
    with pytest.raises(ValueError, match="printable") as refused:
        ResendApi(None, base_url="", key="re two", limits=Limits())  # type: ignore[arg-type]
    assert "re two" not in str(refused.value)


def test_lists_are_read_page_after_page() -> None:
    async def handler(request: web.Request) -> web.Response:
        after = request.query.get("after")
        entry = {"id": "b"} if after == "a" else {"id": "a"}
        return web.json_response({"data": [entry], "has_more": after is None})

    async def read(api: ResendApi) -> list[dict[str, Any]]:
        return await api.entries("domains")

    assert with_server(handler, read) == [{"id": "a"}, {"id": "b"}]


@pytest.mark.parametrize("status, body", [(200, "<html>"), (502, ""), (404, '{"name": "not_found"}')])
def test_a_read_that_fails_raises(status: int, body: str) -> None:
    async def read(api: ResendApi) -> list[dict[str, Any]]:
        return await api.entries("domains")

    with pytest.raises(ProviderError):
        with_server(answering(status, body), read)


HOOK = "https://shop.example/webhooks/resend/1"
VERIFIED = [{"name": "shop.example", "status": "verified"}]


@pytest.mark.parametrize(
    "answers, secret, told, refuses",
    [
        ((200, VERIFIED, [{"endpoint": HOOK}]), True, "The webhook is set up", False),
        ((200, VERIFIED, [{"endpoint": HOOK}]), False, "signing secret is missing", False),
        ((200, VERIFIED, []), True, "no webhook to us", False),
        ((200, [], []), True, "does not know the domain shop.example", True),
        ((200, [{"name": "Shop.example", "status": "not_started"}], []), True, "status: not started", True),
        ((401, "restricted_api_key", None), True, "may send and nothing else", False),
        ((403, "invalid_api_key", None), True, "no longer valid", True),
        ((429, "rate_limit_exceeded", None), True, "Try again a little later", False),
        ((502, "", None), True, "could not be reached", False),
    ],
)
def test_a_check_says_what_is_missing(answers: tuple[int, Any, Any], secret: bool, told: str, refuses: bool) -> None:
    status, first, webhooks = answers

    async def handler(request: web.Request) -> web.Response:
        if status != 200:
            return web.Response(status=status, text=json.dumps({"name": first, "message": "no"}) if first else "")
        return web.json_response({"data": first if request.path.endswith("domains") else webhooks})

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handler)
    with running_app(app) as running:
        wanted = Wanted("hello@shop.example", HOOK, secret)
        answer = ask(lambda http: ResendApi(http, base_url=running.url, key=KEY, limits=Limits()), wanted)
    assert told in " ".join(finding.told for finding in answer.findings) + answer.sentence
    assert (answer.refuses, answer.is_good) == (refuses, refuses is False and status in (200, 401))

"""The provider's endpoints under `/resend`, and what every request goes through before one of them answers.

Order: User-Agent, key, requests a second, faults, then the endpoint. A request without a User-Agent gets what the
provider's front door says, which is no JSON.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from aiohttp import web

from adsapp.sandbox.resend import lists
from adsapp.sandbox.resend.errors import ApiError
from adsapp.sandbox.resend.faults import Fault
from adsapp.sandbox.resend.idempotency import check_key
from adsapp.sandbox.resend.sending import Accepted
from adsapp.sandbox.resend.state import Team
from adsapp.sandbox.resend.validation import moment_of
from adsapp.sandbox.web import MAIL_SENDER, MAILROOM, answer

BASE = "/resend"
_LOOK_EVERY = 0.1

Endpoint = Callable[[web.Request, Team], Awaitable[web.StreamResponse]]


class Cut(Exception):
    """The connection ends without an answer."""


def routes() -> list[web.RouteDef]:
    endpoints: list[tuple[str, str, Endpoint]] = [
        ("POST", "/emails", send_email),
        ("GET", "/emails", list_emails),
        ("POST", "/emails/batch", send_batch),
        ("GET", "/emails/{id}", show_email),
        ("PATCH", "/emails/{id}", reschedule_email),
        ("POST", "/emails/{id}/cancel", cancel_email),
        *lists.endpoints(),
    ]
    known = [web.route(method, BASE + path, _guarded(endpoint)) for method, path, endpoint in endpoints]
    others = [
        web.route("*", BASE + path, _guarded(wrong_method)) for path in dict.fromkeys(row[1] for row in endpoints)
    ]
    return [*known, *others, web.route("*", BASE + "{rest:(/.*)?}", _guarded(unknown))]


def _guarded(endpoint: Endpoint) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    sends = endpoint in (send_email, send_batch)

    async def guarded(request: web.Request) -> web.StreamResponse:
        mailroom = request.app[MAILROOM]
        if not request.headers.get("User-Agent"):
            mailroom.strangers["no User-Agent"] += 1
            return web.Response(status=403, text="error code: 1010\n")
        try:
            team = mailroom.team_for(_bearer(request), sends=sends)
        except ApiError as error:
            mailroom.strangers[error.name] += 1
            return _refusal(error, {})
        team.figures.arrive(mailroom.clock.now())
        try:
            return await _admitted(request, team, endpoint)
        finally:
            team.figures.leave()

    return guarded


async def _admitted(request: web.Request, team: Team, endpoint: Endpoint) -> web.StreamResponse:
    clock = request.app[MAILROOM].clock
    try:
        team.rate.take(clock.now())
        team.figures.admitted.see(clock.now())
        if endpoint not in (send_email, send_batch):  # those know the body, which rules may look at
            await _strike(request, team, "", None)
        response = await endpoint(request, team)
    except ApiError as error:
        team.figures.refused[error.name] += 1
        return _refusal(error, team.headers(clock.now()))
    except Cut:
        return _cut(request)
    response.headers.update(team.headers(clock.now()))
    return response


async def send_email(request: web.Request, team: Team) -> web.StreamResponse:
    sender = request.app[MAIL_SENDER]

    def take(body: object, key: str | None) -> Accepted:
        return sender.take_one(team, body, key)

    return await _send(request, team, "single", take, lambda accepted: {"id": accepted.emails[0].id})


async def send_batch(request: web.Request, team: Team) -> web.StreamResponse:
    sender, mode = request.app[MAIL_SENDER], request.headers.get("x-batch-validation", "strict")
    if mode not in ("strict", "permissive"):
        raise ApiError("validation_error", "The `x-batch-validation` header must be `strict` or `permissive`.")

    def take(body: object, key: str | None) -> Accepted:
        return sender.take_batch(team, body, key, permissive=mode == "permissive")

    def said(accepted: Accepted) -> dict[str, Any]:
        data = {"data": [{"id": email.id} for email in accepted.emails]}
        return {**data, "errors": accepted.errors} if mode == "permissive" else data

    return await _send(request, team, "batch", take, said)


async def _send(
    request: web.Request,
    team: Team,
    place: str,
    take: Callable[[object, str | None], Accepted],
    said: Callable[[Accepted], dict[str, Any]],
) -> web.StreamResponse:
    """Faults, idempotency and the way an answer goes out are the same for one e-mail and for many."""
    clock = request.app[MAILROOM].clock
    key = request.headers.get("Idempotency-Key")
    check_key(key)
    raw = await request.read()
    body = _json(raw)
    fault = await _strike(request, team, place, body)
    if key is not None and (kept := team.answers.find(key, place, raw, clock.now())) is not None:
        team.figures.replayed += 1
        return await _answered(request, kept, fault)
    accepted = take(body, key)
    reply = said(accepted)
    if key is not None:
        team.answers.keep(key, place, raw, reply, clock.now())
    try:
        return await _answered(request, reply, fault, hangs=accepted.hangs)
    finally:
        if key is not None:
            team.answers.landed(key)


async def _strike(request: web.Request, team: Team, place: str, body: object) -> Fault | None:
    """The fault for this request, carried out if it strikes before anything is accepted."""
    fault = request.app[MAILROOM].faults.strike(team.config.name, place, body)
    if fault is None:
        return None
    if fault.drop_before_accept:
        raise Cut
    if fault.name and not (fault.accept_first and place):
        await asyncio.sleep(fault.delay_ms / 1000)
        raise _error(fault)
    return fault


async def _answered(
    request: web.Request, reply: dict[str, Any], fault: Fault | None, *, hangs: bool = False
) -> web.StreamResponse:
    config = request.app[MAILROOM].config
    await asyncio.sleep(((fault.delay_ms if fault else 0.0) + config.latency_ms) / 1000)
    if hangs or (fault and fault.hang_after_accept):
        await _until_gone(request, config.timing.hang)
        raise Cut
    if fault and fault.drop_after_accept:
        raise Cut
    if fault and fault.name:
        raise _error(fault)
    return answer(reply)


async def _until_gone(request: web.Request, seconds: float) -> None:
    """Wait as long as a hanging answer does, or until the client has given up."""
    for _ in range(int(seconds / _LOOK_EVERY)):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(_LOOK_EVERY)


async def list_emails(request: web.Request, team: Team) -> web.StreamResponse:
    return lists.page(request, [email.as_json() for email in request.app[MAILROOM].emails_of(team)])


async def show_email(request: web.Request, team: Team) -> web.StreamResponse:
    return answer(lists.email_named(request, team).as_json())


async def reschedule_email(request: web.Request, team: Team) -> web.StreamResponse:
    email = lists.email_named(request, team)
    body = lists.object_in(await request.read())
    if not body.get("scheduled_at"):
        raise ApiError("missing_required_field", "Missing `scheduled_at` field.")
    moment = moment_of(body["scheduled_at"], request.app[MAILROOM].clock.now())
    _check_scheduled(email.last_event)
    request.app[MAIL_SENDER].reschedule(email, moment)
    return answer({"object": "email", "id": email.id})


async def cancel_email(request: web.Request, team: Team) -> web.StreamResponse:
    email = lists.email_named(request, team)
    _check_scheduled(email.last_event)
    email.become("canceled", request.app[MAILROOM].clock.now())
    return answer({"object": "email", "id": email.id})


def _check_scheduled(last_event: str) -> None:
    if last_event != "scheduled":
        raise ApiError("validation_error", f"The email is {last_event}; only scheduled emails can be changed.")


async def wrong_method(request: web.Request, team: Team) -> web.StreamResponse:
    raise ApiError("method_not_allowed", f"This endpoint does not support the {request.method} method.")


async def unknown(request: web.Request, team: Team) -> web.StreamResponse:
    raise ApiError("not_found", "The requested endpoint does not exist.")


def _json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError as error:
        raise ApiError("validation_error", "The request body is not JSON.", http=400) from error


def _bearer(request: web.Request) -> str | None:
    scheme, _, key = request.headers.get("Authorization", "").partition(" ")
    return key.strip() if scheme.lower() == "bearer" else None


def _error(fault: Fault) -> ApiError:
    retry_after = fault.retry_after
    if retry_after is None and fault.name == "rate_limit_exceeded":
        retry_after = 1.0
    return ApiError(fault.name, fault.message, http=fault.http, retry_after=retry_after)


def _refusal(error: ApiError, headers: Mapping[str, str]) -> web.Response:
    again = {} if error.retry_after is None else {"retry-after": f"{error.retry_after:g}"}
    return answer(error.envelope(), error.http, {**headers, **again})


def _cut(request: web.Request) -> web.StreamResponse:
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)

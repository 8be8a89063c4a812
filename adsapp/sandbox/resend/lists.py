"""Endpoints beside sending: domains, webhooks, suppressions, and lists by page as the provider has them."""

import base64
import hashlib
import json
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from aiohttp import web

from adsapp.sandbox.resend.addresses import address_of
from adsapp.sandbox.resend.errors import ApiError
from adsapp.sandbox.resend.state import EVENTS, Domain, Email, Team, Webhook
from adsapp.sandbox.resend.suppressions import ORIGINS
from adsapp.sandbox.web import MAIL_SENDER, MAILROOM, answer

_MOST_ADDRESSES = 100
_MOST_ROWS = 100
_USUAL_ROWS = 20


def endpoints() -> list[tuple[str, str, Callable[[web.Request, Team], Awaitable[web.StreamResponse]]]]:
    return [
        ("GET", "/domains", list_domains),
        ("POST", "/domains", add_domain),
        ("GET", "/domains/{id}", show_domain),
        ("POST", "/domains/{id}/verify", verify_domain),
        ("GET", "/webhooks", list_webhooks),
        ("POST", "/webhooks", add_webhook),
        ("GET", "/webhooks/{id}", show_webhook),
        ("DELETE", "/webhooks/{id}", remove_webhook),
        ("GET", "/suppressions", list_suppressions),
        ("POST", "/suppressions", add_suppression),
        ("POST", "/suppressions/batch/add", add_suppressions),
        ("POST", "/suppressions/batch/remove", remove_suppressions),
        ("GET", "/suppressions/{id}", show_suppression),
        ("DELETE", "/suppressions/{id}", remove_suppression),
    ]


def page(request: web.Request, rows: Sequence[dict[str, Any]]) -> web.Response:
    """One page of rows, which come newest first: `limit`, and `after` or `before` an id."""
    limit = _limit(request.query.get("limit"))
    after, before = request.query.get("after"), request.query.get("before")
    if after is not None and before is not None:
        raise ApiError("validation_error", "You can only use `after` or `before`, not both.")
    rest = list(rows)
    if after is not None:
        rest = rest[_place(rest, after) + 1 :]
    elif before is not None:
        rest = rest[: _place(rest, before)][::-1]  # the nearest ones
    shown = rest[:limit]
    return answer({"object": "list", "has_more": len(rest) > limit, "data": shown[::-1] if before else shown})


def _limit(text: str | None) -> int:
    if text is None:
        return _USUAL_ROWS
    if not (text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST_ROWS):
        raise ApiError("validation_error", f"The `limit` must be a number from 1 to {_MOST_ROWS}.")
    return int(text)


def _place(rows: Sequence[dict[str, Any]], row_id: str) -> int:
    found = next((place for place, row in enumerate(rows) if row["id"] == row_id), None)
    if found is None:
        raise ApiError("validation_error", "The `after` or `before` is the id of nothing in this list.")
    return found


def object_in(raw: bytes) -> dict[str, Any]:
    """The JSON object of a request."""
    try:
        data = json.loads(raw)
    except ValueError as error:
        raise ApiError("validation_error", "The request body is not JSON.", http=400) from error
    if not isinstance(data, dict):
        raise ApiError("validation_error", "The request body must be a JSON object.")
    return data


def email_named(request: web.Request, team: Team) -> Email:
    """The team's e-mail with the id in the path."""
    email_id = request.match_info["id"]
    try:
        uuid.UUID(email_id)
    except ValueError as error:
        raise ApiError("invalid_parameter", "The `id` must be a valid UUID.") from error
    email = request.app[MAILROOM].emails.get(email_id)
    if email is None or email.team is not team:
        raise ApiError("not_found", "Email not found")
    return email


async def list_domains(request: web.Request, team: Team) -> web.StreamResponse:
    return page(request, [domain.as_json() for domain in team.domains.values()])


async def add_domain(request: web.Request, team: Team) -> web.StreamResponse:
    """A new domain has not started to be verified."""
    name = object_in(await request.read()).get("name")
    if not isinstance(name, str) or address_of(f"a@{name}") is None:
        raise ApiError("validation_error", "The `name` field must be a domain.")
    if name.lower() in team.domains:
        raise ApiError("validation_error", f"The {name} domain has been registered already.", http=403)
    domain = request.app[MAILROOM].put_domain(team, name, "not_started")
    return answer(domain.as_json(), 201)


async def show_domain(request: web.Request, team: Team) -> web.StreamResponse:
    return answer(_domain(request, team).as_json())


async def verify_domain(request: web.Request, team: Team) -> web.StreamResponse:
    """Verifying takes as long as a person takes, who says how it ended: `POST /_sandbox/emails/domains`."""
    domain = _domain(request, team)
    if domain.status != "verified":
        domain.status = "pending"
    return answer({"object": "domain", "id": domain.id})


def _domain(request: web.Request, team: Team) -> Domain:
    found = next((each for each in team.domains.values() if each.id == request.match_info["id"]), None)
    if found is None:
        raise ApiError("not_found", "Domain not found")
    return found


async def list_webhooks(request: web.Request, team: Team) -> web.StreamResponse:
    return page(request, [hook.as_json() for hook in team.webhooks.values()])


async def add_webhook(request: web.Request, team: Team) -> web.StreamResponse:
    """The secret is told here and by GET of this webhook, as the provider does."""
    body = object_in(await request.read())
    endpoint, events = body.get("endpoint"), body.get("events")
    if not isinstance(endpoint, str) or urlsplit(endpoint).scheme not in ("http", "https"):
        raise ApiError("validation_error", "The `endpoint` field must be a URL.")
    if not isinstance(events, list) or not events:
        raise ApiError("missing_required_field", "Missing `events` field.")
    strange = [event for event in events if event not in EVENTS]
    if strange:
        raise ApiError("validation_error", f"Invalid `events` field: {', '.join(map(str, strange))}.")
    mailroom = request.app[MAILROOM]
    secret = base64.b64encode(hashlib.sha256(mailroom.new_id().encode()).digest()[:24]).decode()
    hook = mailroom.new_webhook(endpoint, f"whsec_{secret}", tuple(events))
    team.webhooks[hook.id] = hook
    return answer({"object": "webhook", "id": hook.id, "signing_secret": hook.secret}, 201)


async def show_webhook(request: web.Request, team: Team) -> web.StreamResponse:
    hook = _webhook(request, team)
    return answer({**hook.as_json(), "signing_secret": hook.secret})


async def remove_webhook(request: web.Request, team: Team) -> web.StreamResponse:
    hook = _webhook(request, team)
    del team.webhooks[hook.id]
    return answer({"object": "webhook", "id": hook.id, "deleted": True})


def _webhook(request: web.Request, team: Team) -> Webhook:
    hook = team.webhooks.get(request.match_info["id"])
    if hook is None:
        raise ApiError("not_found", "Webhook not found")
    return hook


async def list_suppressions(request: web.Request, team: Team) -> web.StreamResponse:
    origin = request.query.get("origin")
    if origin is not None and origin not in ORIGINS:
        raise ApiError("validation_error", f"The `origin` must be one of {', '.join(ORIGINS)}.")
    return page(request, [item.as_json() for item in team.suppressions.newest_first(origin)])


async def add_suppression(request: web.Request, team: Team) -> web.StreamResponse:
    email = _address(object_in(await request.read()).get("email"))
    item = request.app[MAIL_SENDER].suppress(team, email, "manual")
    return answer({"object": "suppression", "id": item.id}, 201)


async def show_suppression(request: web.Request, team: Team) -> web.StreamResponse:
    item = team.suppressions.find(request.match_info["id"])
    if item is None:
        raise ApiError("not_found", "Suppression not found")
    return answer(item.as_json())


async def remove_suppression(request: web.Request, team: Team) -> web.StreamResponse:
    item = request.app[MAIL_SENDER].release(team, request.match_info["id"])
    if item is None:
        raise ApiError("not_found", "Suppression not found")
    return answer({"object": "suppression", "id": item.id, "deleted": True})


async def add_suppressions(request: web.Request, team: Team) -> web.StreamResponse:
    sender = request.app[MAIL_SENDER]
    items = [sender.suppress(team, email, "manual") for email in _addresses(object_in(await request.read()))]
    return answer({"object": "list", "data": [{"object": "suppression", "id": item.id} for item in items]}, 201)


async def remove_suppressions(request: web.Request, team: Team) -> web.StreamResponse:
    """Addresses that are not on the list are passed over."""
    sender = request.app[MAIL_SENDER]
    items = [sender.release(team, email) for email in _addresses(object_in(await request.read()))]
    data = [{"object": "suppression", "id": item.id, "deleted": True} for item in items if item]
    return answer({"object": "list", "data": data})


def _addresses(body: dict[str, Any]) -> list[str]:
    emails = body.get("emails")
    if not isinstance(emails, list) or not emails:
        raise ApiError("missing_required_field", "Missing `emails` field.")
    if len(emails) > _MOST_ADDRESSES:
        raise ApiError("validation_error", f"The `emails` field must not have more than {_MOST_ADDRESSES} items.")
    return [_address(email) for email in emails]


def _address(value: object) -> str:
    address = address_of(value) if isinstance(value, str) else None
    if address is None:
        raise ApiError("validation_error", "The `email` must be an email address.")
    return address

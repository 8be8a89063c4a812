"""The provider's own endpoints, under any version: `/v25.0/…`.

POST /{phone_number_id}/messages · GET, POST, DELETE /{waba_id}/message_templates · POST /{template_id} ·
GET /{phone_number_id or template id}?fields=… · POST /{phone_number_id}/media · GET, DELETE /{media id} ·
GET /app · POST /{app id}/uploads · GET, POST /upload:…
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from adsapp.sandbox.state import Account, unknown_object
from adsapp.sandbox.web import DESK, ENGINE, SANDBOX, SENDER, answer
from adsapp.sandbox.whatsapp.errors import ApiError
from adsapp.sandbox.whatsapp.media import APP_ID, Stored
from adsapp.sandbox.whatsapp.sending import Verdict
from adsapp.sandbox.whatsapp.templates import chosen_fields, pick

_PHONE_DEFAULT = ("verified_name", "display_phone_number", "quality_rating", "id")
_HIGH_THROUGHPUT = 1000
_LOOK_EVERY = 0.2

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def routes() -> list[web.RouteDef]:
    version = r"/{version:v\d+\.\d+}"
    return [
        web.post(version + r"/{id}/messages", send_message),
        web.get(version + r"/{id}/message_templates", _refusing(list_templates)),
        web.post(version + r"/{id}/message_templates", _refusing(create_template)),
        web.delete(version + r"/{id}/message_templates", _refusing(delete_template)),
        web.post(version + r"/{id}/media", _refusing(keep_media)),
        web.get(version + "/app", _refusing(show_app)),
        web.post(version + f"/{APP_ID}/uploads", _refusing(begin_upload)),
        web.post(version + r"/{id:upload:[^/]+}", _refusing(receive_piece)),
        web.get(version + r"/{id:upload:[^/]+}", _refusing(show_upload)),
        web.delete(version + r"/{id:\d+}", _refusing(delete_media)),
        web.post(version + r"/{id}", _refusing(edit_template)),
        web.get(version + r"/{id}", _refusing(show_object)),
        web.route("*", version + r"/{rest:.*}", _refusing(unsupported)),
    ]


async def send_message(request: web.Request) -> web.StreamResponse:
    sandbox = request.app[SANDBOX]
    try:
        account = sandbox.account_for(request.match_info["id"], _bearer(request))
    except ApiError as error:
        known = sandbox.accounts.get(request.match_info["id"])
        refused = known.figures.refused if known else sandbox.strangers
        refused[error.code] += 1
        return _refusal(request, error)
    figures = account.figures
    figures.arrive(sandbox.clock.now())
    try:
        return await _take(request, account)
    except ApiError as error:
        account.figures.refused[error.code] += 1
        return _refusal(request, error)
    finally:
        figures.leave()


async def _take(request: web.Request, account: Account) -> web.StreamResponse:
    body = await _json(request)
    if isinstance(body, dict) and body.get("status") == "read":
        return answer({"success": True})
    verdict = request.app[SENDER].take(account, body)
    if verdict.first is not None:
        await request.app[ENGINE].tell_now(verdict.first)
    delay = verdict.delay + request.app[SANDBOX].config.latency_ms / 1000
    if delay:
        await asyncio.sleep(delay)
    return await _answered(request, verdict)


async def _answered(request: web.Request, verdict: Verdict) -> web.StreamResponse:
    if verdict.hangs:
        await _until_gone(request)
    if (verdict.hangs or verdict.drops) and request.transport is not None:
        request.transport.abort()
    return answer(verdict.as_json())


async def _until_gone(request: web.Request) -> None:
    """Wait as long as a hanging answer does, or until the client has given up."""
    looks = int(request.app[SANDBOX].config.timing.hang / _LOOK_EVERY)
    for _ in range(looks):
        if request.transport is None or request.transport.is_closing():
            return
        await asyncio.sleep(_LOOK_EVERY)


async def list_templates(request: web.Request) -> web.StreamResponse:
    catalog = request.app[SANDBOX].catalog_for(request.match_info["id"], _bearer(request))
    rows, cursors, following = catalog.page(request.query)
    if not rows:
        return answer({"data": []})
    paging: dict[str, Any] = {"cursors": cursors}
    if following is not None:
        paging["next"] = str(request.url.update_query(after=following))
    return answer({"data": rows, "paging": paging})


async def create_template(request: web.Request) -> web.StreamResponse:
    """A new template: it is pending until it was reviewed."""
    desk, body = request.app[DESK], await _json_object(request)
    return answer(desk.create(request.match_info["id"], _bearer(request), body))


async def edit_template(request: web.Request) -> web.StreamResponse:
    """Other components or another category: it is reviewed again."""
    desk, body = request.app[DESK], await _json_object(request)
    return answer(desk.edit(request.match_info["id"], _bearer(request), body))


async def delete_template(request: web.Request) -> web.StreamResponse:
    """By name in all languages, or one of them by `hsm_id`."""
    waba_id, query = request.match_info["id"], request.query
    name, template_id = query.get("name", ""), query.get("hsm_id")
    return answer(request.app[DESK].delete(waba_id, _bearer(request), name, template_id))


async def _json_object(request: web.Request) -> dict[str, Any]:
    body = await _json(request)
    if not isinstance(body, dict):
        raise ApiError(100, "The request body is not a JSON object")
    return body


async def show_object(request: web.Request) -> web.StreamResponse:
    """A phone number or a template, with the `fields` asked for."""
    sandbox, object_id, token = request.app[SANDBOX], request.match_info["id"], _bearer(request)
    if object_id in sandbox.accounts:
        row = _phone_number(sandbox.account_for(object_id, token))
        return answer(pick(row, chosen_fields(request.query, _PHONE_DEFAULT, row)))
    sandbox.check_token(token)
    if (stored := sandbox.shelf.find(object_id)) is not None:
        _own(request, stored)
        return answer(_file(request, stored))
    for account in sandbox.accounts.values():
        template = account.catalog.by_id(object_id)
        if template is not None and account.config.token == token:
            return answer(pick(template.raw, chosen_fields(request.query, template.raw, template.raw)))
    raise unknown_object(object_id)


async def unsupported(request: web.Request) -> web.StreamResponse:
    request.app[SANDBOX].check_token(_bearer(request))
    raise unknown_object(request.match_info["rest"])


async def keep_media(request: web.Request) -> web.StreamResponse:
    """A file for messages: a form with `messaging_product`, `type` and the `file`."""
    sandbox, number = request.app[SANDBOX], request.match_info["id"]
    sandbox.account_for(number, _bearer(request))
    given = await request.post()
    if given.get("messaging_product") != "whatsapp":
        raise ApiError(100, 'messaging_product is required and must be "whatsapp"')
    file = given.get("file")
    if not isinstance(file, web.FileField):
        raise ApiError(100, "file is required")
    return answer(sandbox.shelf.keep(number, file.content_type, file.file.read()))


async def delete_media(request: web.Request) -> web.StreamResponse:
    """It cannot be sent any more."""
    shelf, media_id = request.app[SANDBOX].shelf, request.match_info["id"]
    stored = shelf.find(media_id)
    request.app[SANDBOX].check_token(_bearer(request))
    if stored is None:
        raise unknown_object(media_id)
    _own(request, stored)
    del shelf.files[media_id]
    return answer({"success": True})


def _own(request: web.Request, stored: Stored) -> None:
    request.app[SANDBOX].account_for(stored.phone_number_id, _bearer(request))


def _file(request: web.Request, stored: Stored) -> dict[str, Any]:
    return {
        "messaging_product": "whatsapp",
        "url": str(request.url.with_path(f"/_sandbox/media/{stored.id}").with_query({})),
        "mime_type": stored.content_type,
        "file_size": stored.size,
        "id": stored.id,
    }


async def show_app(request: web.Request) -> web.StreamResponse:
    """The app that the token belongs to."""
    request.app[SANDBOX].check_token(_bearer(request))
    return answer({"id": APP_ID, "name": "ADSapp"})


async def begin_upload(request: web.Request) -> web.StreamResponse:
    """The sample of a template, to be uploaded in pieces."""
    token = _bearer(request)
    request.app[SANDBOX].check_token(token)
    return answer(request.app[SANDBOX].shelf.begin(token or "", request.query))


async def receive_piece(request: web.Request) -> web.StreamResponse:
    """A piece of it; its place is in the header `file_offset`, and the token's scheme is OAuth."""
    shelf = request.app[SANDBOX].shelf
    session = shelf.session(request.match_info["id"], _bearer(request, "oauth"))
    return answer(shelf.receive(session, request.headers.get("file_offset", ""), await request.read()))


async def show_upload(request: web.Request) -> web.StreamResponse:
    """How much of it is there, so that it can be gone on with."""
    session = request.app[SANDBOX].shelf.session(request.match_info["id"], _bearer(request, "oauth"))
    return answer({"id": session.id, "file_offset": session.received})


def _phone_number(account: Account) -> dict[str, Any]:
    config = account.config
    return {
        "id": config.phone_number_id,
        "verified_name": config.verified_name,
        "display_phone_number": config.display_phone_number,
        "quality_rating": "GREEN",
        "throughput": {"level": "HIGH" if config.throughput >= _HIGH_THROUGHPUT else "STANDARD"},
        "whatsapp_business_manager_messaging_limit": "TIER_100K",
        "name_status": "APPROVED",
        "code_verification_status": "VERIFIED",
        "platform_type": "CLOUD_API",
    }


def _bearer(request: web.Request, wanted: str = "bearer") -> str | None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme.lower() == wanted else None


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise ApiError(100, "The request body is not JSON") from error


def _refusal(request: web.Request, error: ApiError) -> web.Response:
    sandbox = request.app[SANDBOX]
    headers = {} if error.retry_after is None else {"Retry-After": f"{error.retry_after:g}"}
    if error.http == 401:
        headers["WWW-Authenticate"] = 'OAuth "Facebook Platform" "invalid_token"'
    trace_id = f"A{int(sandbox.clock.now() * 1e6):x}"
    return answer(error.envelope(trace_id), error.http, headers)


def _refusing(handler: Handler) -> Handler:
    async def guarded(request: web.Request) -> web.StreamResponse:
        try:
            return await handler(request)
        except ApiError as error:
            return _refusal(request, error)

    return guarded

"""The Cloud API over real HTTP: send a message, list the templates, read the number, upload a file.

One `CloudApi` for each account, one `aiohttp` session for each event loop (`http.open_session`), shared by all
accounts. The access token lives in one private header and is taken out of every text that leaves this module:
the provider repeats a bad token in its own error message.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import aiohttp

from adsapp.integrations.base import Accepted, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, ProviderError, SendError
from adsapp.integrations.http import Body
from adsapp.integrations.media import FileToSend
from adsapp.integrations.whatsapp.errors import classify

CONNECT_TIMEOUT: Final = 10.0
MAX_PAGES: Final = 1_000
UPLOAD_TRIES: Final = 3
TEMPLATE_FIELDS: Final = (
    "id,name,language,status,category,sub_category,parameter_format,components,quality_score,rejected_reason"
)
NUMBER_FIELDS: Final = (
    "id,display_phone_number,verified_name,quality_rating,throughput,whatsapp_business_manager_messaging_limit"
)


class CloudApi:
    """The Cloud API for one phone number of one business account. `timeout`: seconds for a whole request."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        base_url: str,
        api_version: str,
        phone_number_id: str,
        waba_id: str,
        token: str,
        timeout: float = 30.0,
    ) -> None:
        _check(r"v\d{1,3}\.\d{1,3}", api_version, "api_version must look like v25.0")
        _check(r"[\w-]{1,64}", phone_number_id, "phone_number_id must be an id as the provider shows it")
        _check(r"[\w-]{1,64}", waba_id, "waba_id must be an id as the provider shows it")
        _check(r"[!-~]{1,2048}", token, "the access token must be printable ASCII without blanks")
        self._session = session
        self._root = f"{base_url.rstrip('/')}/{api_version}"
        self.phone_number_id = phone_number_id
        self.waba_id = waba_id
        self._token = token
        self._headers = {"Authorization": f"Bearer {token}"}
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT_TIMEOUT, timeout))

    def __repr__(self) -> str:
        return f"CloudApi({self._root!r}, phone_number_id={self.phone_number_id!r})"

    async def send(self, payload: Mapping[str, object]) -> Outcome:
        """Post one message as built by `messages`. Raises only when cancelled, which leaves the message
        uncertain."""
        raw = json.dumps(payload, separators=(",", ":")).encode()
        body = Body(raw, content_type="application/json")
        try:
            status, headers, text = await self._request("POST", f"{self.phone_number_id}/messages", data=body)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            reason = self._in_words(problem)
            return Uncertain(reason) if body.started else NotSent(reason)
        return read_answer(status, headers, text)

    async def templates(self) -> list[dict[str, Any]]:
        """Every template of the business account, all pages. Raises `ProviderError`.

        A further page exists only if `paging.next` is there. It is asked for by its cursor, never by the
        address given: that address repeats the token, and it need not lead to our base URL.
        """
        found: list[dict[str, Any]] = []
        query = {"fields": TEMPLATE_FIELDS, "limit": "100"}
        seen: set[str] = set()
        for _ in range(MAX_PAGES):
            page = await self._get(f"{self.waba_id}/message_templates", query)
            found += _entries(page.get("data"))
            after = _next_cursor(page.get("paging"))
            if after is None:
                return found
            if after in seen:
                break
            seen.add(after)
            query["after"] = after
        # Half a list would look like deleted templates.
        raise ProviderError(_unreachable("the pages of the template list do not end"))

    async def create_template(self, entry: Mapping[str, object]) -> dict[str, Any]:
        """Submit a new template; its id, status and category. Raises `ProviderError`."""
        return await self._answered("POST", f"{self.waba_id}/message_templates", data=_as_body(entry))

    async def edit_template(self, template_id: str, entry: Mapping[str, object]) -> None:
        """Submit another text for a template. Raises `ProviderError`."""
        _check(r"\d{1,40}", template_id, "the template's id must be digits")
        await self._answered("POST", template_id, data=_as_body(entry))

    async def delete_template(self, name: str, template_id: str) -> None:
        """Delete a template in the language of this id. Raises `ProviderError`."""
        query = {"name": name, "hsm_id": template_id}
        await self._answered("DELETE", f"{self.waba_id}/message_templates", params=query)

    async def phone_number(self) -> dict[str, Any]:
        """The number as the provider knows it: name, quality, throughput, limit. Raises `ProviderError`."""
        return await self._get(self.phone_number_id, {"fields": NUMBER_FIELDS})

    async def upload_media(self, file: FileToSend) -> str:
        """Give it a file for messages of this number; its id. Raises `ProviderError`."""
        with file.path.open("rb") as content:
            form = aiohttp.FormData({"messaging_product": "whatsapp", "type": file.content_type})
            form.add_field("file", content, filename=file.name, content_type=file.content_type)
            answer = await self._answered("POST", f"{self.phone_number_id}/media", data=form)
        return _named(answer, "id", r"[\w.-]{1,200}")

    async def upload_sample(self, file: FileToSend) -> str:
        """Give it the sample that a template is reviewed with; the handle that the template names. Raises
        `ProviderError`.

        In pieces: what broke off goes on behind what has arrived.
        """
        app = _named(await self._get("app", {"fields": "id"}), "id", r"\d{1,40}")
        asked = {"file_name": file.name, "file_length": str(file.size), "file_type": file.content_type}
        begun = await self._answered("POST", f"{app}/uploads", params=asked)
        session, offset = _named(begun, "id", r"upload:[!-~]{1,2000}"), 0
        for left in reversed(range(UPLOAD_TRIES)):
            try:
                return await self._upload_rest(session, file, offset)
            except ProviderError as error:
                if not left or error.error.code is not None:
                    raise
            offset = await self._offset(session)
        raise AssertionError  # the last try returns or raises

    async def _upload_rest(self, session: str, file: FileToSend, offset: int) -> str:
        with file.path.open("rb") as content:
            content.seek(offset)
            headers = {**self._upload_headers, "file_offset": str(offset)}
            answer = await self._answered("POST", session, data=content, headers=headers)
        return _named(answer, "h", r"[!-~]{1,4000}")

    async def _offset(self, session: str) -> int:
        answer = await self._answered("GET", session, headers=self._upload_headers)
        offset = answer.get("file_offset")
        return offset if isinstance(offset, int) and offset >= 0 else 0

    @property
    def _upload_headers(self) -> dict[str, str]:
        """The upload in pieces knows the token by another word."""
        return {"Authorization": f"OAuth {self._token}"}

    async def _get(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        return await self._answered("GET", path, params=dict(query))

    async def _answered(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        try:
            status, headers, text = await self._request(method, path, **arguments)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            raise ProviderError(_unreachable(self._in_words(problem))) from None
        answer = _json_object(text)
        if status == 200 and answer is not None and "error" not in answer:
            return answer
        if answer is None and (status == 200 or status >= 500):
            raise ProviderError(_unreachable(f"unreadable answer (HTTP {status})"))
        raise ProviderError(classify(answer, http_status=status, headers=headers))

    async def _request(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> tuple[int, Mapping[str, str], str]:
        async with self._session.request(
            method,
            f"{self._root}/{path}",
            headers=headers or self._headers,
            timeout=self._timeout,
            allow_redirects=False,
            **arguments,
        ) as response:
            raw = await response.read()
            return response.status, response.headers, self._without_token(raw.decode("utf-8", "replace"))

    def _in_words(self, problem: Exception) -> str:
        text = str(problem).strip() or "no answer in time"
        return self._without_token(f"{type(problem).__name__}: {text}")

    def _without_token(self, text: str) -> str:
        return text.replace(self._token, "[token]")


def read_answer(status: int, headers: Mapping[str, str], text: str) -> Outcome:
    """What the provider's answer to a send means. Pure.

    An answer that cannot be read as either a message id or an error is `Uncertain` if the message may have
    been taken (2xx, and 5xx from something between us and the provider), else `Refused`.
    """
    answer = _json_object(text)
    if answer is not None and isinstance(answer.get("error"), dict):
        return Refused(classify(answer, http_status=status, headers=headers))
    if 200 <= status <= 299:
        return _accepted(answer) or Uncertain(f"HTTP {status} without a message id")
    if status >= 500:
        return Uncertain(f"HTTP {status} without a readable error")
    error = classify(answer, http_status=status, headers=headers)
    return Refused(error if error.message else _with_message(error, f"HTTP {status} without a readable error"))


def _accepted(answer: Mapping[str, Any] | None) -> Accepted | None:
    message = _first(answer, "messages")
    wamid = message.get("id")
    if not isinstance(wamid, str) or not wamid:
        return None
    is_held = message.get("message_status") in ("held_for_quality_assessment", "paused")
    return Accepted(wamid, _text(_first(answer, "contacts").get("wa_id")), is_held)


def _named(answer: Mapping[str, Any], key: str, pattern: str) -> str:
    """What the provider calls something; never more than the pattern allows, as it becomes part of an address."""
    value = answer.get(key)
    if isinstance(value, str) and re.fullmatch(pattern, value, re.ASCII):
        return value
    raise ProviderError(_unreachable(f"an answer without {key}"))


def _as_body(entry: Mapping[str, object]) -> Body:
    return Body(json.dumps(entry, separators=(",", ":")).encode(), content_type="application/json")


def _first(answer: Mapping[str, Any] | None, key: str) -> Mapping[str, Any]:
    entries = (answer or {}).get(key)
    if isinstance(entries, list) and entries and isinstance(entries[0], dict):
        return entries[0]
    return {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _entries(value: object) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _next_cursor(paging: object) -> str | None:
    if not isinstance(paging, dict) or not isinstance(paging.get("next"), str):
        return None
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if isinstance(after, str) and after:
        return after
    try:
        return next(iter(parse_qs(urlsplit(paging["next"]).query).get("after", [])), None)
    except ValueError:
        return None


def _unreachable(reason: str) -> SendError:
    advice = "Check the network and the provider's address."
    return SendError(None, reason, Action.RETRY, None, advice, "WhatsApp could not be reached")


def _with_message(error: SendError, message: str) -> SendError:
    return replace(error, message=message)


def _check(pattern: str, value: str, complaint: str) -> None:
    """The complaint never repeats the value: one of them is the token."""
    if not re.fullmatch(pattern, value, re.ASCII):
        raise ValueError(complaint)

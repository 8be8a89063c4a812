"""Resend over real HTTP: send one e-mail or a batch, read domains and webhooks.

One `ResendApi` for each account, one `aiohttp` session for each event loop (`http.open_session`), shared by all
accounts. The key lives in one private header and is taken out of every text that leaves this module.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

import aiohttp

from adsapp.integrations.base import Accepted, Limits, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, ProviderError, SendError
from adsapp.integrations.http import Body
from adsapp.integrations.resend.errors import classify, note_limits, of_item

CONNECT_TIMEOUT: Final = 10.0
USER_AGENT: Final = "ADSapp/1"  # without one the provider answers 403
MOST_PAGES: Final = 50


class ResendApi:
    """The API with one key. `timeout`: seconds for a whole request; `limits` is told what each answer says of them."""

    def __init__(
        self, session: aiohttp.ClientSession, *, base_url: str, key: str, limits: Limits, timeout: float = 30.0
    ) -> None:
        if not re.fullmatch(r"[!-~]{1,2048}", key, re.ASCII):
            raise ValueError("the API key must be printable ASCII without blanks")
        self._session = session
        self._root = base_url.rstrip("/")
        self._key = key
        self._limits = limits
        self._headers = {"Authorization": f"Bearer {key}", "User-Agent": USER_AGENT}
        self._timeout = aiohttp.ClientTimeout(total=timeout, sock_connect=min(CONNECT_TIMEOUT, timeout))

    def __repr__(self) -> str:
        return f"ResendApi({self._root!r})"

    async def send(self, request: Mapping[str, Any]) -> Outcome:
        """Post what `messages.request_of` made. Raises only when cancelled, which leaves it uncertain."""
        body = Body(request["body"], content_type="application/json")
        headers = {"Idempotency-Key": request["key"], "x-batch-validation": "permissive"}
        try:
            status, said, text = await self._request("POST", request["path"], data=body, headers=headers)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            reason = self._in_words(problem)
            return Uncertain(reason) if body.started else NotSent(reason)
        return read_answer(status, said, text, request["count"])

    async def entries(self, path: str) -> list[dict[str, Any]]:
        """All entries of a list, page after page. Raises ProviderError."""
        found: list[dict[str, Any]] = []
        query = {"limit": "100"}
        for _ in range(MOST_PAGES):
            page = await self.get(path, query)
            more = [entry for entry in page.get("data") or [] if isinstance(entry, dict)]
            found += more
            if not page.get("has_more") or not more:
                return found
            query["after"] = str(more[-1].get("id"))
        raise ProviderError(_unreachable(f"the pages of {path} do not end"))

    async def get(self, path: str, query: Mapping[str, str] | None = None) -> dict[str, Any]:
        """One read. Raises ProviderError."""
        return await self.call("GET", path, params=dict(query or {}))

    async def call(self, method: str, path: str, **arguments: Any) -> dict[str, Any]:
        """Any other request that sends no e-mail. Raises ProviderError."""
        try:
            status, headers, text = await self._request(method, path, **arguments)
        except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as problem:
            raise ProviderError(_unreachable(self._in_words(problem))) from None
        answer = _json_object(text)
        if 200 <= status <= 299 and answer is not None:
            return answer
        if answer is None and (status <= 299 or status >= 500):
            raise ProviderError(_unreachable(f"unreadable answer (HTTP {status})"))
        raise ProviderError(classify(answer, http_status=status, headers=headers))

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **arguments: Any
    ) -> tuple[int, Mapping[str, str], str]:
        async with self._session.request(
            method,
            f"{self._root}/{path}",
            headers={**self._headers, **(headers or {})},
            timeout=self._timeout,
            allow_redirects=False,
            **arguments,
        ) as response:
            raw = await response.read()
            note_limits(self._limits, response.headers)
            return response.status, response.headers, self._without_key(raw.decode("utf-8", "replace"))

    def _in_words(self, problem: Exception) -> str:
        text = str(problem).strip() or "no answer in time"
        return self._without_key(f"{type(problem).__name__}: {text}")

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]")


def read_answer(status: int, headers: Mapping[str, str], text: str, count: int) -> Outcome:
    """What the answer to a request with `count` e-mails means. Pure.

    One that cannot be read is `Uncertain` if they may have been taken (2xx, and 5xx from something between us and the
    provider), else `Refused`.
    """
    answer = _json_object(text)
    if 200 <= status <= 299:
        taken = _taken(answer or {}, count)
        return taken or Uncertain(f"HTTP {status} without an id for each e-mail")
    if status >= 500 and answer is None:
        return Uncertain(f"HTTP {status} without a readable error")
    return Refused(classify(answer, http_status=status, headers=headers))


def _taken(answer: Mapping[str, Any], count: int) -> Accepted | None:
    if count == 1:
        provider_id = _text(answer.get("id"))
        return Accepted(provider_id) if provider_id else None
    each = _each(_list(answer.get("data")), _list(answer.get("errors")), count)
    return Accepted("", each=each) if each else None


def _each(data: Sequence[Any], errors: Sequence[Any], count: int) -> tuple[Accepted | Refused, ...]:
    """What became of each of a batch: `data` has the ids of those that were taken, in their order, `errors` says by
    index which were not. () if the two do not fit together."""
    refused = {
        error["index"]: of_item(str(error.get("message") or ""))
        for error in errors
        if isinstance(error, dict) and isinstance(error.get("index"), int)
    }
    ids = iter([_text(entry.get("id")) for entry in data if isinstance(entry, dict)])
    outcomes: list[Accepted | Refused] = []
    for index in range(count):
        if index in refused:
            outcomes.append(Refused(refused[index]))
        elif provider_id := next(ids, ""):
            outcomes.append(Accepted(provider_id))
    is_whole = len(outcomes) == count and next(ids, None) is None
    return tuple(outcomes) if is_whole else ()


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _json_object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _unreachable(reason: str) -> SendError:
    advice = "Check the network and the provider's address."
    return SendError(None, reason, Action.RETRY, None, advice, "Resend could not be reached")

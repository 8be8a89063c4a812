"""A span for each request to a provider, in the trace of whatever asked for it. None while traces are off."""

import re
from types import SimpleNamespace
from typing import Any, Final

import aiohttp

from adsapp.core.observing import traces
from adsapp.core.observing.traces import About, Kind

_WORD: Final = re.compile(r"[a-z_-]+|v\d+\.\d+")


def watchers() -> list[aiohttp.TraceConfig]:
    """What a session of HTTP is opened with."""
    if not traces.is_on():
        return []
    watcher = aiohttp.TraceConfig()
    watcher.on_request_start.append(_began)
    watcher.on_request_end.append(_answered)
    watcher.on_request_exception.append(_broke)
    return [watcher]


def route_of(path: str) -> str:
    """A path without what it names: ids of numbers and templates, addresses of people."""
    return "/".join(part if not part or _WORD.fullmatch(part) else "{id}" for part in path.split("/"))


async def _began(_: aiohttp.ClientSession, call: SimpleNamespace, __: aiohttp.TraceRequestStartParams) -> None:
    call.began = traces.now()


async def _answered(_: aiohttp.ClientSession, call: SimpleNamespace, told: aiohttp.TraceRequestEndParams) -> None:
    status = told.response.status
    _record(call, told, {"http.response.status_code": status}, str(status) if status >= 400 else "")


async def _broke(_: aiohttp.ClientSession, call: SimpleNamespace, told: aiohttp.TraceRequestExceptionParams) -> None:
    _record(call, told, {}, type(told.exception).__name__)


def _record(call: SimpleNamespace, told: Any, more: About, failed: str) -> None:
    method, route = told.method, route_of(told.url.path)
    about = {"http.request.method": method, "http.route": route, "server.address": told.url.host or "", **more}
    traces.record(f"{method} {route}", call.began, about, kind=Kind.CLIENT, failed=failed)

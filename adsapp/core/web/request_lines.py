"""A line in the log and a span for each request, and the request's id in every line that is written meanwhile.

It names the route, never the address: that may hold a key, or what somebody searched for.
"""

import re
import time
from typing import Final

from flask import Flask, Response, g, request

from adsapp.core import context, logs
from adsapp.core.ids import new_id
from adsapp.core.observing import traces
from adsapp.core.observing.metrics import counter, histogram
from adsapp.core.web.limits import ASKED

log = logs.get_logger()

REQUESTS = counter("adsapp_http_requests_total", "Requests that were answered", "method", "route", "status")
TOOK = histogram("adsapp_http_request_seconds", "From a request's head to its answer", "method", "route")
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))

HEADER: Final = "X-Request-ID"
QUIET: Final = ("static", "health.")  # endpoints that are asked all the time, by nobody
NOTHING_NEW: Final = (204, 304)
_BOUND: Final = ("request_id", "organization")
_ID = re.compile(r"[\w.-]{8,64}")


def init_request_lines(app: Flask) -> None:
    """Attach it; before all others, so that theirs is in the line: what they refuse, and the time they take."""
    app.before_request(_begin)
    app.after_request(_end)
    app.teardown_request(_leave)


def _begin() -> None:
    g.began = time.perf_counter()
    g.request_id = _given() or new_id().hex
    logs.bind(request_id=g.request_id)
    if traces.is_on() and not _is_quiet():
        g.span = traces.span(_name(), kind=traces.Kind.SERVER, parent=_given_trace())
        traces.enter(g.span)


def _leave(_error: BaseException | None) -> None:
    logs.unbind(*_BOUND)
    traces.leave()


def _given() -> str:
    """The id that a proxy of ours gave the request already; anybody else's says nothing."""
    told = request.headers.get(HEADER, "") if context.settings().trusted_proxies else ""
    return told if _ID.fullmatch(told) else ""


def _given_trace() -> str | None:
    """Likewise: what a proxy of ours tells a trace of."""
    return request.headers.get("traceparent") if context.settings().trusted_proxies else None


def _end(response: Response) -> Response:
    request_id = g.get("request_id")
    if request_id is None:  # another application of the same process made it
        return response
    response.headers.setdefault(HEADER, request_id)
    if ASKED in request.environ and response.status_code in NOTHING_NEW:
        return response  # the web server asked whether a body is wanted; the request itself comes with it
    route, seconds = request.url_rule.rule if request.url_rule else None, time.perf_counter() - g.began
    _count(route or "none", response.status_code, seconds)
    told = {"method": request.method, "route": route, "status": response.status_code, "ms": round(seconds * 1000, 1)}
    _level(response.status_code)("request", **told, **_who())
    _end_span(response.status_code)
    return response


def _end_span(status: int) -> None:
    """A poll that found nothing new is told by nobody: a span that is never ended is none."""
    span: traces.Span = g.pop("span", traces.NOTHING)
    if span is traces.NOTHING or _found_nothing_new(status):
        return
    who = {f"adsapp.{name}": value for name, value in _who().items()}
    route = {"http.request.method": _method(), "http.response.status_code": status, "adsapp.request_id": g.request_id}
    span.tell({**route, **who} | ({"http.route": request.url_rule.rule} if request.url_rule else {}))
    if status >= 500:
        span.fail(str(status))
    span.end()


def _name() -> str:
    return f"{_method()} {request.url_rule.rule}" if request.url_rule else _method()


def _method() -> str:
    return request.method if request.method in METHODS else "other"


def _count(route: str, status: int, seconds: float) -> None:
    """By the route, of which there are so many as there are views, and a method that exists: no client makes series."""
    method = _method()
    REQUESTS.add(method=method, route=route, status=str(status))
    TOOK.observe(seconds, method=method, route=route)


def _level(status: int) -> logs.Tell:
    if status >= 500:
        return log.error  # type: ignore[no-any-return]
    quiet = _is_quiet() or _found_nothing_new(status)
    return log.debug if quiet else log.info  # type: ignore[no-any-return]


def _is_quiet() -> bool:
    return (request.endpoint or "").startswith(QUIET)


def _found_nothing_new(status: int) -> bool:
    return request.method == "GET" and status in NOTHING_NEW


def _who() -> dict[str, str]:
    """Ids only: a person's, or a token's; and the organization's."""
    actor = g.get("actor")
    if actor is None:
        return {}
    person = actor.user_id or g.get("token_id")
    return {"actor": str(person or "program"), "organization": str(actor.organization.id)}

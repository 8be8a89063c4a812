"""What all providers share of HTTP: the one kind of session, a body that knows whether it was written, a wait."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import aiohttp
from aiohttp.abc import AbstractStreamWriter


class Body(aiohttp.BytesPayload):
    """A request body that remembers whether any of it was handed to the network.

    Without its body the provider cannot have acted on a request, so `started` is the line between `NotSent`
    and `Uncertain`.
    """

    started = False

    async def write_with_length(self, writer: AbstractStreamWriter, content_length: int | None) -> None:
        transport = getattr(writer, "transport", None)
        if transport is None or transport.is_closing():
            raise aiohttp.ClientConnectionResetError("The connection was closed before the request was written")
        self.started = True
        await super().write_with_length(writer, content_length)


def wait_in(value: str, now: datetime) -> float | None:
    """The seconds that a `Retry-After` asks for, as a number or as a date; None if it says neither."""
    value = value.strip()
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value, re.ASCII):
        return float(value)
    try:
        moment = parsedate_to_datetime(value)
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - now).total_seconds()


Watchers = Callable[[], Iterable[aiohttp.TraceConfig]]
_watchers: list[Watchers] = []


def watch(watchers: Watchers) -> None:
    """Sessions that are opened from here on have these, too."""
    if watchers not in _watchers:
        _watchers.append(watchers)


def open_session(max_in_flight: int = 1_000) -> aiohttp.ClientSession:
    """A session for one event loop, good for 1,000 posts a second. Call inside the loop; close it at the end.

    `max_in_flight` connections: at 1,000 posts a second and answers of up to a second, each needs one. Idle
    connections are dropped after 15 s, before the provider drops them, since a post on a connection that just
    died ends as `Uncertain`.
    """
    connector = aiohttp.TCPConnector(limit=max_in_flight, keepalive_timeout=15, ttl_dns_cache=300)
    watching = [each for watchers in _watchers for each in watchers()]
    return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trace_configs=watching)

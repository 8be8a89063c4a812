"""The server: listens, reads requests, and ends in peace."""

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING

from aiohttp.web import BaseRequest, RequestHandler, Response, Server, ServerRunner, SockSite

from adsapp.core.logs import get_logger
from adsapp.core.web import waiting
from adsapp.server.exchange import Front
from adsapp.server.limits import Limits
from adsapp.server.refusals import refusal, unreadable

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

log = get_logger()

BACKLOG = 2048
LINGER_SECONDS = 2.0  # for a client to take its last answer, before its connection is closed


class Connection(RequestHandler):
    """One connection; says in our words what it cannot read."""

    def handle_error(
        self,
        request: BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> Response:
        """The answer to what is no request, or to a fault of ours."""
        if status == HTTPStatus.BAD_REQUEST:
            return unreadable(exc, self.max_line_size)
        log.error("unexpected_error", error=type(exc).__name__, exc_info=exc)
        return refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "Try again; if it stays so, tell an admin the time.")


class Doors(Server):
    """Makes connections."""

    def __call__(self) -> Connection:
        """One for each client."""
        return Connection(self, loop=self._loop, **self._kwargs)


def listen(host: str, port: int, *, shared: bool = False) -> socket.socket:
    """A listening socket; `shared` with other processes of ours."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, port), family=family, backlog=BACKLOG, reuse_port=shared)
    if hasattr(socket, "TCP_USER_TIMEOUT"):  # connections inherit it: one whose client takes no byte for so long is cut
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(Limits.answer_seconds * 1000))
    return listening


def serve(app: "WSGIApplication", listening: socket.socket, threads: int, limits: Limits | None = None) -> None:
    """Serve until SIGTERM or SIGINT; requests that run then get their time to end."""
    front = Front(app, threads, limits or Limits())
    asyncio.run(_serve(front, listening))
    if front.working:
        log.warning("stopped_while_working", requests=front.working)
        os._exit(0)  # Python would wait for the threads


async def _serve(front: Front, listening: socket.socket) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with running(front, listening):
        await stop.wait()


@asynccontextmanager
async def running(front: Front, listening: socket.socket) -> AsyncIterator[Doors]:
    """Answer what comes to the socket."""
    limits = front.limits
    waiting.stopping.clear()
    doors = Doors(
        front.handle,
        keepalive_timeout=limits.head_seconds,
        max_line_size=limits.line_bytes,
        max_field_size=limits.header_bytes,
        max_headers=limits.headers,
        lingering_time=LINGER_SECONDS,
        auto_decompress=False,  # a body is what was sent; webhooks are signed over its bytes
        access_log=None,
    )
    # A runner waits twice: for requests to end, then for their connections.
    runner = ServerRunner(doors, shutdown_timeout=limits.stop_seconds / 2)
    await runner.setup()
    await SockSite(runner, listening, backlog=BACKLOG).start()
    try:
        yield doors
    finally:
        waiting.stopping.set()
        await runner.cleanup()
        front.close()

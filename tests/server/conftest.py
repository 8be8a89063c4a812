"""The web server in this process, on a free port, and clients that speak to it byte by byte."""

import asyncio
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from adsapp.server.exchange import Front
from adsapp.server.limits import Limits
from adsapp.server.serving import Doors, listen, running

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

Serve = Callable[..., "Address"]


@dataclass
class Told:
    """What a server answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def problem(self) -> dict[str, Any]:
        """The answer as a problem (RFC 9457)."""
        assert self.headers["content-type"].startswith("application/problem+json")
        problem: dict[str, Any] = json.loads(self.body)
        return problem


class Client:
    """One connection."""

    def __init__(self, port: int, window: int | None = None) -> None:
        self.socket = socket.socket()
        if window:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        self.socket.settimeout(20)
        self.socket.connect(("127.0.0.1", port))
        self.file = self.socket.makefile("rb")

    def send(self, head: str, body: bytes = b"") -> "Client":
        """Lines of a head, which is ended with an empty line, and a body."""
        lines = [*head.splitlines(), "Host: localhost", "", ""]
        return self.dribble("\r\n".join(lines).encode() + body)

    def dribble(self, raw: bytes) -> "Client":
        """Bytes as they are."""
        self.socket.sendall(raw)
        return self

    def answer(self) -> Told:
        """The next answer."""
        status = int(self.file.readline().split()[1])
        lines = iter(self.file.readline, b"\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.decode().partition(":") for line in lines)}
        return Told(status, headers, self._body(status, headers))

    def _body(self, status: int, headers: dict[str, str]) -> bytes:
        if status in (100, 204, 304):
            return b""
        if headers.get("transfer-encoding") != "chunked":
            return self.file.read(int(headers["content-length"]))
        blocks = []
        while size := int(self.file.readline(), 16):
            blocks.append(self.file.read(size))
            self.file.readline()
        self.file.readline()
        return b"".join(blocks)

    def is_closed(self) -> bool:
        """Wait until the server closes the connection."""
        try:
            return self.file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """Hang up."""
        self.file.close()
        self.socket.close()


@dataclass
class Address:
    """Where a server listens."""

    port: int
    doors: Doors
    clients: ExitStack

    def connect(self, window: int | None = None) -> Client:
        """A new connection, which lasts until the end of the test."""
        return self.clients.enter_context(closing(Client(self.port, window)))

    def get(self, path: str, *headers: str) -> Told:
        """Ask over a connection of its own."""
        return self.connect().send("\n".join((f"GET {path} HTTP/1.1", *headers))).answer()


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serve an application until the end of the test."""
    with ExitStack() as stack:

        def start(app: "WSGIApplication", threads: int = 2, **limits: float) -> Address:
            port, doors = stack.enter_context(_served(app, threads, Limits(**limits)))  # type: ignore[arg-type]
            return Address(port, doors, stack)

        yield start


@contextmanager
def _served(app: "WSGIApplication", threads: int, limits: Limits) -> Iterator[tuple[int, Doors]]:
    listening, started = listen("127.0.0.1", 0), Future[tuple[Doors, Callable[[], object]]]()

    async def run() -> None:
        loop, stop = asyncio.get_running_loop(), asyncio.Event()
        async with running(Front(app, threads, limits), listening) as doors:
            started.set_result((doors, lambda: loop.call_soon_threadsafe(stop.set)))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(run()), name="server")
    thread.start()
    doors, stop = started.result(20)
    try:
        yield listening.getsockname()[1], doors
    finally:
        stop()
        thread.join(30)

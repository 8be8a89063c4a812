"""The wires between machines and servers: TCP links of our own, each of which can be cut, hang, and heal.

All run in one thread. A link that hangs keeps its connections and lets no byte through, as a firewall that drops
packets does; one that is cut closes them and refuses new ones, as a machine that is gone does.
"""

import asyncio
import contextlib
import itertools
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit, urlunsplit

from psycopg.conninfo import conninfo_to_dict

CHUNK = 1 << 16


@dataclass(frozen=True)
class Socket:
    """Where a server listens: a path, or a host and a port."""

    path: str = ""
    host: str = "127.0.0.1"
    port: int = 0


class Link:
    """One port of loopback that leads to a server, or to several in turns."""

    def __init__(self, targets: Sequence[Socket]) -> None:
        self._targets = itertools.cycle(targets)
        self._count = len(targets)
        self._is_cut = False
        self._flows = asyncio.Event()
        self._flows.set()
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self.port = 0

    async def start(self) -> None:
        """Begin to listen."""
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    def cut(self) -> None:
        """End every connection, and refuse new ones until it heals."""
        self._is_cut = True
        self._end_all()

    def hang(self) -> None:
        """Let nothing through until it heals; nobody is told."""
        self._flows.clear()

    def heal(self, *, forgets: bool = False) -> None:
        """As before. `forgets`: what hung is closed then, as behind a router that has lost its table."""
        if forgets:
            self._end_all()
        self._is_cut = False
        self._flows.set()

    def close(self) -> None:
        """End it."""
        self._end_all()
        if self._server is not None:
            self._server.close()

    def _end_all(self) -> None:
        for writer in list(self._open):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            writer.transport.abort()
            return
        self._open.add(writer)
        try:
            await self._flows.wait()
            there, back = await self._connect()
        except OSError:
            self._open.discard(writer)
            writer.transport.abort()
            return
        self._open.add(back)
        ways = [asyncio.create_task(self._pass_on(*way)) for way in ((reader, back), (there, writer))]
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for each in (writer, back):
            self._open.discard(each)
            each.transport.abort()
        await asyncio.gather(*ways, return_exceptions=True)

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """To the next that answers."""
        for turn in range(self._count):
            target = next(self._targets)
            try:
                if target.path:
                    return await asyncio.open_unix_connection(target.path)
                return await asyncio.open_connection(target.host, target.port)
            except OSError:
                if turn == self._count - 1:
                    raise
        raise ConnectionRefusedError

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(CHUNK):
                await self._flows.wait()
                writer.write(data)
                await writer.drain()


class Network:
    """All links of a run, in a thread of their own."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="network", daemon=True)
        self._links: list[Link] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for link in self._links:
            self.tell(link.close)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def link(self, *targets: Socket) -> Link:
        """One more, which works."""

        async def make() -> Link:
            link = Link(targets)
            await link.start()
            return link

        link = asyncio.run_coroutine_threadsafe(make(), self._loop).result(10)
        self._links.append(link)
        return link

    def tell(self, what: Callable[[], None]) -> None:
        """Do something to a link, and wait until it is done."""

        async def do() -> None:
            what()

        asyncio.run_coroutine_threadsafe(do(), self._loop).result(10)


def socket_of_postgres(url: str) -> Socket:
    """Where the server of this address listens."""
    told = conninfo_to_dict(url)
    host, port = str(told.get("host") or "127.0.0.1"), int(str(told.get("port") or 5432))
    return Socket(path=f"{host}/.s.PGSQL.{port}") if host.startswith("/") else Socket(host=host, port=port)


def postgres_through(url: str, link: Link) -> str:
    """The same login and database, over the link."""
    told = conninfo_to_dict(url)
    return f"postgresql://{told['user']}@127.0.0.1:{link.port}/{told['dbname']}"


def socket_of_redis(url: str) -> Socket:
    """Where the server of this address listens."""
    parts = urlsplit(url)
    return (
        Socket(path=parts.path) if parts.scheme == "unix" else Socket(host=parts.hostname or "", port=parts.port or 0)
    )


def redis_through(url: str, link: Link) -> str:
    """The same numbered database, over the link."""
    (number,) = parse_qs(urlsplit(url).query).get("db", ["0"])
    return urlunsplit(("redis", f"127.0.0.1:{link.port}", f"/{number}", "", ""))

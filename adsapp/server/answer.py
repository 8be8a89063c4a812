"""What the application answers: written by its thread, sent by the event loop, and kept between the two.

A thread never waits for a client: what is not sent yet waits in memory, and beyond a bound in a file without a name.
"""

import asyncio
import tempfile
import threading
from collections.abc import Sequence
from typing import IO

from adsapp.server.limits import BLOCK

IN_MEMORY = 1 << 18

Headers = Sequence[tuple[str, str]]


class Answer:
    """Status and headers, then the body: `write` and `end` are called by the thread, the rest by the event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.status = 0
        self.headers: Headers = ()
        self._loop = loop
        self._more = asyncio.Event()
        self._lock = threading.Lock()
        self._kept: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed with the answer
        self._written = self._sent = 0
        self._ended = False
        self._broken = False

    def start(self, status: int, headers: Headers) -> None:
        """Say what kind of answer it is; may be said anew until something is written."""
        self.status, self.headers = status, headers

    def write(self, block: bytes) -> None:
        """Keep a part of the body until it is sent; ConnectionError if nobody wants it any more."""
        with self._lock:
            if self._kept.closed:
                raise ConnectionError("the client is gone")
            self._kept.seek(self._written)
            self._kept.write(block)
            self._written += len(block)
            worth_sending = self._written - self._sent >= BLOCK
        if worth_sending:
            self._wake()

    def end(self, *, broken: bool = False) -> None:
        """Nothing more comes; `broken` means that something is missing."""
        self._ended, self._broken = True, broken
        self._wake()

    def _wake(self) -> None:
        self._loop.call_soon_threadsafe(self._more.set)

    @property
    def is_whole_failure(self) -> bool:
        """True if it broke before anything of it could be sent."""
        return self._broken and self._sent == 0

    async def begun(self) -> None:
        """Wait until there is something to send, or all of it."""
        await self._more.wait()

    async def next(self) -> bytes:
        """The next part, empty at the end; ConnectionError where the application broke off."""
        while True:
            self._more.clear()
            if block := self._take():
                return block
            if self._ended and not self._unsent:
                break
            await self._more.wait()
        if self._broken:
            raise ConnectionError("the application broke off")
        return b""

    @property
    def _unsent(self) -> int:
        return self._written - self._sent

    def _take(self) -> bytes:
        with self._lock:
            if not (self._ended or self._unsent >= BLOCK):
                return b""
            self._kept.seek(self._sent)
            block = self._kept.read(min(BLOCK, self._unsent))
            self._sent += len(block)
            return block

    def close(self) -> None:
        """Let go of what was kept; a thread that still writes is told so."""
        with self._lock:
            self._kept.close()

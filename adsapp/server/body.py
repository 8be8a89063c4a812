"""A request's body, read by the event loop in its time: into memory while small, then into a file without a name."""

import asyncio
import tempfile
import time
from concurrent.futures import Executor
from typing import IO

from aiohttp.web import BaseRequest

from adsapp.server.limits import Limits

IN_MEMORY = 1 << 18


class TooSlow(Exception):
    """The client sends too slowly to be waited for."""


class TooLong(Exception):
    """More came than is wanted; `size` is how much has come."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class Body:
    """What has come of a body; `file` is at its beginning once all of it is there."""

    def __init__(self, request: BaseRequest, limits: Limits, disk: Executor) -> None:
        self._request = request
        self._limits = limits
        self._disk = disk
        self._began = time.monotonic()
        self._memory = bytearray()
        self.size = 0
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(IN_MEMORY)  # noqa: SIM115  # closed with the body

    async def read(self, most: int) -> None:
        """Read all of it; TooLong beyond `most` bytes, TooSlow."""
        while block := await self._next():
            if self.size > most:
                raise TooLong(self.size)
            self._memory += block
            if len(self._memory) >= IN_MEMORY:
                await self._write()
        await self._write()
        self.file.seek(0)

    async def throw_away(self) -> None:
        """Read on without keeping anything, within the same time, so that the client comes to read its answer."""
        while self.size < self._limits.read_on_bytes and await self._next():
            pass

    async def _next(self) -> bytes:
        left = self._limits.body_deadline(self._began, self.size) - time.monotonic()
        try:
            async with asyncio.timeout(left):
                block = await self._request.content.readany()
        except TimeoutError:
            raise TooSlow from None
        self.size += len(block)
        return block

    async def _write(self) -> None:
        """Small bodies stay in memory; the disk, which may be slow, is written by a thread."""
        block, self._memory = bytes(self._memory), bytearray()
        if self.size <= IN_MEMORY:
            self.file.write(block)
            return
        await asyncio.get_running_loop().run_in_executor(self._disk, self.file.write, block)

    def close(self) -> None:
        """Let go of what was kept."""
        self.file.close()

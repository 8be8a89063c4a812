"""Holds slow connections to a server until it is told to end: dribbled headers, dribbled bodies, answers nobody reads.

A program of its own, so that what it costs is not taken for the time of those who measure. One that the server closes
is made again. Prints "held" once all are connected; ends when its input does.
"""

import asyncio
import contextlib
import itertools
import socket
import sys
from collections.abc import Awaitable, Callable

DRIBBLE_SECONDS = 1.0
WINDOW = 4096  # of those who do not read
PIPELINED = 8
LENGTHS = itertools.cycle((5_000, 5_000_000))  # one that fits into memory, one that does not

Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def main(port: int, count: int, post: str, large: str) -> None:
    """Hold `count` connections, a third of each kind."""
    kinds: list[Callable[[asyncio.StreamWriter], Awaitable[None]]] = [
        _dribble_headers,
        lambda writer: _dribble_body(writer, post),
        lambda writer: _read_nothing(writer, large),
    ]
    held = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_hold(port, kinds[n % len(kinds)], held)) for n in range(count)]
    for _ in range(count):
        await held.acquire()
    print("held", flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.read)
    for task in tasks:
        task.cancel()


async def _hold(port: int, act: Callable[[asyncio.StreamWriter], Awaitable[None]], held: asyncio.Semaphore) -> None:
    while True:
        with contextlib.suppress(OSError):
            _, writer = await _connect(port)
            held.release()
            with contextlib.closing(writer):
                await act(writer)
        await asyncio.sleep(DRIBBLE_SECONDS)


async def _connect(port: int) -> Streams:
    client = socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WINDOW)
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=client, limit=1)


async def _dribble_headers(writer: asyncio.StreamWriter) -> None:
    writer.write(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
    await _dribble(writer)


async def _dribble_body(writer: asyncio.StreamWriter, path: str) -> None:
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {next(LENGTHS)}\r\n\r\n"
    writer.write(head.encode())
    await _dribble(writer)


async def _dribble(writer: asyncio.StreamWriter) -> None:
    while not writer.is_closing():
        writer.write(b"a")
        await writer.drain()
        await asyncio.sleep(DRIBBLE_SECONDS)


async def _read_nothing(writer: asyncio.StreamWriter, path: str) -> None:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode() * PIPELINED)
    while not writer.is_closing():
        await asyncio.sleep(DRIBBLE_SECONDS)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]))

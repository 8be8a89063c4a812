"""Who is slow holds a connection, never a thread."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.server.conftest import Address, Client, Serve
from tests.waiting import wait_for

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

THREADS = 2
HELD = 8
LARGE = 8_000_000


def plain(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterator[bytes]:
    """Wants every body; /large is more than a socket holds."""
    asked = environ.get("adsapp.asked")
    if asked is not None:
        asked.most = LARGE
    read = environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/large":
        yield from (b"x" * 80_000 for _ in range(LARGE // 80_000))
    yield f"{len(read)} bytes".encode()


def heads(at: Address) -> Client:
    return at.connect().dribble(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: a")


def small_bodies(at: Address) -> Client:
    return at.connect().send("POST / HTTP/1.1\nContent-Length: 5000", b"a")


def large_bodies(at: Address) -> Client:
    return at.connect().send("POST / HTTP/1.1\nContent-Length: 5000000", b"a" * 100_000)


def endless_bodies(at: Address) -> Client:
    return at.connect().send("POST / HTTP/1.1\nTransfer-Encoding: chunked", b"1\r\na\r\n")


def answers(at: Address) -> Client:
    return at.connect(window=4096).send("GET /large HTTP/1.1")


SLOW = (heads, small_bodies, large_bodies, endless_bodies, answers)


@pytest.mark.parametrize("slow", SLOW)
def test_others_are_answered_while_more_are_held_than_there_are_threads(
    serve: Serve, slow: Callable[[Address], Client]
) -> None:
    at = serve(plain, threads=THREADS)
    held = [slow(at) for _ in range(HELD)]
    for _ in range(THREADS + 1):
        assert at.get("/").body == b"0 bytes"
    assert len(held) > THREADS


@pytest.mark.parametrize("slow, status", [(heads, None), (small_bodies, 408), (large_bodies, 408), (answers, None)])
def test_who_stays_slow_is_told_and_cut_off(
    serve: Serve, slow: Callable[[Address], Client], status: int | None
) -> None:
    at = serve(plain, head_seconds=0.2, body_seconds=0.2, body_bytes_per_second=1_000_000_000, answer_seconds=0.2)
    client = slow(at)
    if status:
        assert client.answer().problem["status"] == status
    if slow is answers:
        assert b"200" in client.file.readline()
        wait_for(lambda: not at.doors.connections, what="the server hangs up")
        assert len(client.file.read()) < LARGE
    assert client.is_closed()


def test_a_slow_but_steady_body_is_waited_for(serve: Serve) -> None:
    at = serve(plain, body_seconds=0.5, body_bytes_per_second=1)
    client = at.connect().send("POST / HTTP/1.1\nContent-Length: 400000")
    for _ in range(4):
        client.dribble(b"a" * 100_000)
        assert at.get("/").status == 200
    assert client.answer().body == b"400000 bytes"

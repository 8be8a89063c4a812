"""HTTP over the wire: what arrives is whole, what cannot be read is refused in words, connections live on."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from adsapp.demo.stage import free_port
from adsapp.processes.supervisor import Child
from tests.server.conftest import Address, Client, Serve
from tests.waiting import wait_for

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

MOST = 300_000


def echo(environ: "WSGIEnvironment", start_response: "StartResponse") -> list[bytes]:
    """Answers with what came; wants bodies of up to 300 KB, and none at /no."""
    asked, path = environ.get("adsapp.asked"), environ["PATH_INFO"]
    if path == "/no":
        start_response("403 Forbidden", [("Content-Length", "2")])
        return [b"no"]
    if int(environ.get("CONTENT_LENGTH") or 0) > MOST:
        start_response("413 Too Large", [("Content-Length", "8")])
        return [b"too long"]
    if asked is not None:
        asked.most = MOST
    if path == "/broken":
        raise RuntimeError("broken")
    body = environ["wsgi.input"].read()
    names = ("HTTP_X_TWICE", "HTTP_X_FORWARDED_FOR", "HTTP_COOKIE", "QUERY_STRING", "PATH_INFO", "CONTENT_LENGTH")
    told = "|".join(environ.get(name, "-") for name in names).encode("latin-1")
    start_response("200 OK", [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Connection", "close")])
    return [told + b"|", body]


@pytest.fixture
def at(serve: Serve) -> Address:
    return serve(echo)


def test_headers_path_and_query_arrive_as_they_were_sent(at: Address) -> None:
    head = "GET http://other/a%2Fb%C3%A9?q=%41 HTTP/1.1\nX-Twice: 1\nX-Twice: 2\nX_Forwarded_For: 6.6.6.6\nCookie: a=1"
    answer = at.connect().send(head).answer()
    assert answer.body.decode() == "1,2|-|a=1|q=%41|/a/b\xc3\xa9".encode("latin-1").decode() + "|-|"
    assert answer.headers["set-cookie"] == "b=2"
    assert "connection" not in answer.headers


@pytest.mark.parametrize("size", [10, 100_000, MOST])
def test_a_body_arrives_whole_with_its_length_or_in_chunks(at: Address, size: int) -> None:
    body, client = bytes(range(256)) * (size // 256 + 1), at.connect()
    body = body[:size]
    known = client.send(f"POST /x HTTP/1.1\nContent-Length: {size}", body).answer().body
    chunks = b"%x\r\n%b\r\n0\r\n\r\n" % (size, body)
    unknown = client.send("POST /x HTTP/1.1\nTransfer-Encoding: chunked", chunks).answer().body
    assert known == unknown == f"-|-|-||/x|{size}|".encode() + body


@pytest.mark.parametrize("path, status", [("/no", 403), ("/x", 413)])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_connection_outlives_a_body_that_was_refused(
    at: Address, path: str, status: int, *, is_chunked: bool
) -> None:
    body, client = b"a" * 2_000_000, at.connect()
    how = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    assert client.send(f"POST {path} HTTP/1.1\n{how}", sent).answer().status == status
    assert client.send("GET /y HTTP/1.1").answer().status == 200


def test_a_client_that_waits_for_our_word_sends_no_body_in_vain(at: Address) -> None:
    head = "HTTP/1.1\nExpect: 100-continue\nContent-Length: "
    refused = at.connect().send(f"POST /no {head}200000")
    assert refused.answer().status == 403
    assert refused.is_closed()
    welcome = at.connect().send(f"POST /x {head}3")
    assert welcome.answer().status == 100
    assert welcome.dribble(b"abc").answer().body.endswith(b"|abc")


@pytest.mark.parametrize(
    "raw, status",
    [
        (b"nonsense\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nno colon\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"GET /%b HTTP/1.1\r\n\r\n" % (b"a" * 9_000), 414),
        (b"GET / HTTP/1.1\r\nX: %b\r\n\r\n" % (b"a" * 17_000), 431),
        (b"GET / HTTP/1.1\r\n%b\r\n" % (b"X: a\r\n" * 500), 431),
    ],
)
def test_what_the_server_cannot_read_is_refused_in_words(at: Address, raw: bytes, status: int) -> None:
    client = at.connect().dribble(raw)
    answer = client.answer()
    assert (answer.status, answer.problem["status"]) == (status, status)
    assert len(answer.problem["detail"]) > 20
    assert client.is_closed()


def test_an_application_that_breaks_is_answered_for(at: Address) -> None:
    assert at.get("/broken").problem["status"] == 500


@pytest.mark.parametrize("processes", [1, 2])
def test_at_sigterm_what_was_begun_is_answered_and_nothing_stays(tmp_path: Path, processes: int) -> None:
    port = free_port()
    command = [sys.executable, "-m", "adsapp.server", f"--port={port}", f"--processes={processes}"]
    server = Child("web", [*command, "tests.server.waiting:app"], {"WAIT_FOR": str(tmp_path / "go")})
    server.start()
    process = server.process
    assert process is not None
    wait_for(lambda: _answers(port), what="the server listens")
    begun = Client(port).send("GET /wait HTTP/1.1")
    wait_for((tmp_path / "go.begun").exists, what="the request is worked on")
    process.send_signal(signal.SIGTERM)
    wait_for(lambda: not _answers(port), what="nobody new is let in")
    (tmp_path / "go").touch()
    assert begun.answer().body == b"waited"
    assert process.wait(timeout=20) == 0


def _answers(port: int) -> bool:
    try:
        client = Client(port)
    except ConnectionRefusedError:
        return False
    client.close()
    return True

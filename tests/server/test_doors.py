"""Who may not send a body is told before it is read; what may be sent arrives. The application, on both shapes."""

import pytest
from flask import Flask

from tests.cast import Cast
from tests.server.conftest import Serve

MB = 1_000_000
IMPORT = "/api/jobs/import-contacts"
FORM = "Content-Type: multipart/form-data; boundary=x"
JSON = "Content-Type: application/json"


@pytest.mark.parametrize(
    "who, path, kind, size, status",
    [
        ("", "/imports", FORM, 50 * MB, 302),
        ("", IMPORT, FORM, 50 * MB, 401),
        ("vera", IMPORT, FORM, 50 * MB, 403),
        ("alice", IMPORT, FORM, 150 * MB, 413),
        ("alice", IMPORT, JSON, 5 * MB, 413),
        ("alice", "/api/contacts", JSON, 1 * MB, 413),
        ("alice", "/api/nowhere", JSON, 1 * MB, 404),
        ("alice", "/api/workers", JSON, 1 * MB, 405),
        ("", "/sign-in", "Content-Type: application/x-www-form-urlencoded", 1 * MB, 413),
        ("", "/webhooks/whatsapp/0192f0c0-0000-7000-8000-000000000000", JSON, 4 * MB, 413),
        ("alice", IMPORT, FORM, 50 * MB, 100),
        ("alice", IMPORT, JSON, 3 * MB, 100),
        ("alice", "/api/campaigns", JSON, 1 * MB, 100),
    ],
)
def test_it_is_said_before_the_body_is_sent(
    app: Flask, cast: Cast, serve: Serve, who: str, path: str, kind: str, size: int, status: int
) -> None:
    token = f"Authorization: Bearer {cast.tokens.get(who, '')}"
    head = f"POST {path} HTTP/1.1\n{token}\n{kind}\nContent-Length: {size}\nExpect: 100-continue"
    assert serve(app).connect().send(head).answer().status == status


@pytest.mark.parametrize("is_chunked", [False, True])
def test_a_file_arrives_whole(app: Flask, cast: Cast, serve: Serve, *, is_chunked: bool) -> None:
    rows = "".join(f"+1202555{number:04},Row {number}\n" for number in range(9_999))
    field = 'Content-Disposition: form-data; name="file"; filename="people.csv"'
    body = f"--x\r\n{field}\r\n\r\nphone,name\n{rows}\r\n--x--\r\n".encode()
    how = "Transfer-Encoding: chunked" if is_chunked else f"Content-Length: {len(body)}"
    sent = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if is_chunked else body
    head = f"POST {IMPORT} HTTP/1.1\nAuthorization: Bearer {cast.tokens['alice']}\n{FORM}\n{how}"
    answer = serve(app).connect().send(head, sent).answer()
    assert answer.status == 202
    assert f'"size_bytes":{len("phone,name") + 1 + len(rows)}' in answer.body.decode().replace(" ", "")

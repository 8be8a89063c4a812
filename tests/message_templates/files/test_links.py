"""The file at an address is looked at as the provider would: reachable, open, of a type and a size that it takes."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from flask import Flask

from adsapp.config import Settings
from adsapp.integrations.whatsapp.media import RULES
from adsapp.message_templates.files import links

from .samples import JPEG, PDF

ANSWERS: dict[str, tuple[int, str, bytes, dict[str, str]]] = {
    "/a.jpg": (200, "image/jpeg", JPEG, {}),
    "/long.jpg": (200, "image/jpeg; charset=x", JPEG + bytes(50_000), {}),
    "/huge.jpg": (206, "image/jpeg", JPEG, {"Content-Range": f"bytes 0-9/{9 << 20}"}),
    "/plain.jpg": (200, "application/octet-stream", JPEG, {}),
    "/bill.jpg": (200, "image/jpeg", PDF, {}),
    "/page.jpg": (200, "text/html", b"<!doctype html><p>Sign in", {}),
    "/gone.jpg": (404, "text/html", b"", {}),
    "/moved.jpg": (302, "", b"", {"Location": "/a.jpg"}),
    "/inside.jpg": (302, "", b"", {"Location": "http://10.0.0.1/a.jpg"}),
}


class Handler(BaseHTTPRequestHandler):
    asked: list[tuple[str, str]] = []

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers.get("Range", "")))
        status, kind, body, more = ANSWERS[self.path]
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """In silence."""


@pytest.fixture
def web() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    Handler.asked.clear()
    yield f"127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join(10)


@pytest.mark.parametrize("shape", ["embedded"], indirect=True)
def test_a_link_is_looked_at_once_and_what_is_wrong_is_said(
    app: Flask, settings: Settings, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def told(path: str, host: str = "") -> str:
        url = f"http://{host or web}{path}"
        links.look([("IMAGE", url)], RULES)
        found = links.known("IMAGE", url)
        assert found is not None
        return found

    with app.app_context():
        closed = told("/a.jpg", host=web.replace("127.0.0.1", "localhost"))
        assert "not on the open internet" in closed
        allowing = settings.model_copy(update={"outgoing_allowed_hosts": (web,)})
        monkeypatch.setitem(app.config, "SETTINGS", allowing)
        assert told("/a.jpg") == ""
        assert Handler.asked == [("/a.jpg", "bytes=0-2047")]
        assert told("/a.jpg") == ""
        assert len(Handler.asked) == 1, "remembered for a minute"
        assert told("/long.jpg") == "", "a large file is not read to its end"
        assert told("/moved.jpg") == ""
        assert told("/huge.jpg") == "the file at this address has 9 MB; a picture may have 5 MB"
        assert "calls it application/octet-stream, and WhatsApp goes by that" in told("/plain.jpg")
        assert "is application/pdf; a picture above a message is JPEG or PNG" in told("/bill.jpg")
        assert "is a web page" in told("/page.jpg")
        assert told("/gone.jpg") == "the picture cannot be fetched: its server answers 404"
        assert "not on the open internet" in told("/inside.jpg")
        assert links.known("IMAGE", "https://never.example/") is None

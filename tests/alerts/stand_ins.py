"""Slack and a webhook's receiver as local web servers, which keep what they were sent and answer as they are told."""

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from adsapp.alerts.channels.webhook import signature

HOST = "127.0.0.1"


@dataclass
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def body(self) -> dict[str, Any]:
        read: dict[str, Any] = json.loads(self.raw)
        return read


@dataclass
class StandIn:
    """A web server: `asked` are its requests, `answers` what it says next (status, text, headers), then 200 ok."""

    asked: list[Asked] = field(default_factory=list)
    answers: list[tuple[int, str, dict[str, str]]] = field(default_factory=list)
    always: tuple[int, str, dict[str, str]] = (200, "ok", {})
    release: threading.Event = field(default_factory=threading.Event)
    holds: bool = False  # answers once it is released

    def start(self) -> "StandIn":
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append(Asked(self.path, {k.lower(): v for k, v in self.headers.items()}, raw))
                if outer.holds:
                    outer.release.wait(40)
                status, text, headers = outer.answers.pop(0) if outer.answers else outer.always
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(text.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nothing."""

        self._server = ThreadingHTTPServer((HOST, 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def end(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self._server.server_address[1]}"

    def says(self, status: int, text: str = "", **headers: str) -> None:
        """From now on."""
        self.always = (status, text, {name.replace("_", "-"): value for name, value in headers.items()})


def is_signed(asked: Asked, secret: str) -> bool:
    """True if the request is signed as the documents say."""
    stamp = asked.headers["x-adsapp-timestamp"]
    return asked.headers["x-adsapp-signature"] == f"v1={signature(stamp, asked.raw, secret)}"

"""A port of its own for the figures of a process that serves no pages."""

import socket
import threading
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

from adsapp.config import Settings
from adsapp.core.logs import get_logger
from adsapp.core.observing.metrics import CONTENT_TYPE, may_read

log = get_logger()

STEP: Final = 10  # between the ports of two processes that do the same on one machine
TRIES: Final = 10


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, *args: Any, shared: bool) -> None:
        self.allow_reuse_port = shared
        super().__init__(*args)


class _Server6(_Server):
    address_family = socket.AF_INET6


def open_port(settings: Settings, place: int, figures: Callable[[], bytes], *, shared: bool = False) -> int:
    """Serve the figures at METRICS_PORT + `place`, or ten, twenty … further on if that is taken; the port, 0 if none
    was free. `shared` with other processes, which show the same figures."""
    handler = _handler(settings, figures)
    for port in (settings.metrics_port + place + STEP * further for further in range(TRIES)):
        try:
            server = _server(settings.host, port, handler, shared)
        except OSError:
            continue
        threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
        log.info("metrics_port", port=server.server_address[1])
        return int(server.server_address[1])
    log.warning("no_metrics_port", first=settings.metrics_port + place)
    return 0


def _server(host: str, port: int, handler: type[BaseHTTPRequestHandler], shared: bool) -> _Server:
    kind = _Server6 if ":" in host else _Server
    return kind((host, port), handler, shared=shared)


def _handler(settings: Settings, figures: Callable[[], bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        timeout = 10  # a scraper that says nothing keeps its thread no longer

        def do_GET(self) -> None:
            if self.path.partition("?")[0] != "/metrics":
                self._answer(HTTPStatus.NOT_FOUND, b"The figures are at /metrics\n")
            elif not may_read(settings, self.headers.get("Authorization", "")):
                self._answer(HTTPStatus.UNAUTHORIZED, b"Send METRICS_TOKEN: Authorization: Bearer TOKEN\n")
            else:
                self._answer(HTTPStatus.OK, figures())

        def _answer(self, status: HTTPStatus, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", CONTENT_TYPE if status is HTTPStatus.OK else "text/plain")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """A line for each scrape tells nothing."""

    return Handler

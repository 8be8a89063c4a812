"""A web server that has one file, as a shop's system offers its list of customers."""

import base64
import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HOST = "127.0.0.1"


@dataclass
class FileHost:
    """`asked` are the paths and headers of its requests."""

    content: bytes = b""
    status: int = 200
    etags: bool = True
    promises: int = 0  # bytes more than it sends
    location: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()[:16]}"'

    def who(self) -> str:
        """User and password of the last request."""
        return base64.b64decode(self.asked[-1][1].get("authorization", "").removeprefix("Basic ")).decode()


@contextmanager
def file_host(content: bytes) -> Iterator[FileHost]:
    """One that answers until the end of the block."""
    host = FileHost(content)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            told = {name.lower(): value for name, value in self.headers.items()}
            host.asked.append((self.path, told))
            is_known = host.etags and told.get("if-none-match") == host.etag
            status = 302 if host.location else 304 if is_known and host.status == 200 else host.status
            body = host.content if status == 200 else b""
            self.send_response(status)
            self.send_header("Content-Length", str(len(body) + host.promises))
            if host.etags:
                self.send_header("ETag", host.etag)
            if host.location:
                self.send_header("Location", host.location)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer((HOST, 0), Handler)
    host.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield host
    server.shutdown()
    server.server_close()

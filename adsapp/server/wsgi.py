"""One call of the WSGI application (PEP 3333), in a thread."""

import sys
from collections.abc import Iterable
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from aiohttp.web import BaseRequest

from adsapp.core.logs import get_logger
from adsapp.server.answer import Answer

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication, WSGIEnvironment

log = get_logger()

WITHOUT_PREFIX = ("CONTENT_TYPE", "CONTENT_LENGTH")
HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection", "te", "trailer")
)


def environ_of(request: BaseRequest, body: IO[bytes] | None, length: int | None) -> "WSGIEnvironment":
    """The request as PEP 3333 has it; `length` is that of the body, None if it is not known yet."""
    path, _, query = _target(request).partition(b"?")
    peer, here = _addresses(request)
    environ: dict[str, Any] = {
        **_headers(request),
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{request.version.major}.{request.version.minor}",
        "SERVER_NAME": here[0],
        "SERVER_PORT": str(here[1]),
        "REMOTE_ADDR": peer[0],
        "REMOTE_PORT": str(peer[1]),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": body or BytesIO(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    environ.pop("CONTENT_LENGTH", None)
    if length is not None:
        environ["CONTENT_LENGTH"] = str(length)
    return environ


def _target(request: BaseRequest) -> bytes:
    """Path and query as they were sent; of a whole address, which a proxy may send, the part after the host."""
    target = request.raw_path.encode("utf-8", "surrogateescape")
    if target.startswith(b"/"):
        return target
    _, _, rest = target.partition(b"://")
    return b"/" + rest.partition(b"/")[2] if rest else target


def _addresses(request: BaseRequest) -> tuple[tuple[str, int], tuple[str, int]]:
    transport = request.transport
    nobody = ("", 0)
    if transport is None:
        return nobody, nobody
    return (transport.get_extra_info("peername") or nobody)[:2], (transport.get_extra_info("sockname") or nobody)[:2]


def _headers(request: BaseRequest) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in request.raw_headers:
        # X_Forwarded_For would become the same variable as X-Forwarded-For, past a proxy that replaces only the latter.
        if b"_" in raw_name or raw_name.lower() == b"transfer-encoding":
            continue
        name, value = raw_name.decode("latin-1").upper().replace("-", "_"), raw_value.decode("latin-1")
        key = name if name in WITHOUT_PREFIX else f"HTTP_{name}"
        if key in found:
            value = found[key] + ("; " if key == "HTTP_COOKIE" else ",") + value
        found[key] = value
    return found


def run(app: "WSGIApplication", environ: "WSGIEnvironment", answer: Answer) -> None:
    """Call the application and write down what it answers; always ends the answer."""
    try:
        _run(app, environ, answer)
    except ConnectionError:
        answer.end(broken=True)
    except BaseException as error:
        log.error("unexpected_error", error=type(error).__name__, path=environ["PATH_INFO"], exc_info=error)
        answer.end(broken=True)
    else:
        answer.end()


def _run(app: "WSGIApplication", environ: "WSGIEnvironment", answer: Answer) -> None:
    def start_response(status: str, headers: list[tuple[str, str]], _error: object = None) -> Any:
        kept = [(name, value) for name, value in headers if name.lower() not in HOP_BY_HOP]
        answer.start(int(status.split(" ", 1)[0]), kept)
        return answer.write

    blocks: Iterable[bytes] = app(environ, start_response)
    try:
        for block in blocks:
            if block:
                answer.write(block)
    finally:
        close = getattr(blocks, "close", None)
        if close is not None:
            close()

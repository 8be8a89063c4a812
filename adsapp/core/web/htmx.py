"""HTMX: who asks for a fragment, and answers a cache must not mix up."""

from flask import Flask, Response, request
from htmx_flask import Htmx


def init_htmx(app: Flask) -> None:
    """`request.htmx` for views; `Vary: HX-Request` on every page."""
    Htmx(app)
    app.after_request(_vary)


def wants_fragment() -> bool:
    """True for a request of HTMX that is not restoring a whole page from history."""
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response

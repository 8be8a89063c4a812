"""HTMX: who asks for a fragment, and answers a cache must not mix up."""

import json

from flask import Flask, Response, make_response, request
from htmx_flask import Htmx


def init_htmx(app: Flask) -> None:
    """`request.htmx` for views; `Vary: HX-Request` on every page."""
    Htmx(app)
    app.after_request(_vary)


def wants_fragment() -> bool:
    """True for a request of HTMX that is not restoring a whole page from history."""
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


def told_aloud(fragment: str, text: str) -> Response:
    """A fragment that refuses, with its reason in the corner of the page, too: there it stays until it was read, while
    the next look at the form replaces the fragment."""
    response = make_response(fragment, 422)
    response.headers["HX-Trigger"] = json.dumps({"toast": {"text": text, "kind": "bad"}})
    return response


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response

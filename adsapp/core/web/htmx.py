"""HTMX: fragments that stop asking when nothing changed, and answers a cache must not mix up."""

import hashlib
from typing import Any

from flask import Flask, Response, make_response, render_template, request
from htmx_flask import Htmx


def init_htmx(app: Flask) -> None:
    """`request.htmx` for views; `Vary: HX-Request` on every page."""
    Htmx(app)
    app.after_request(_vary)


def fragment(template: str, **context: Any) -> Response:
    """A partial on its own URL; 204 where the browser has this very version already.

    The partial's own `hx-get` carries `version=…` (global `version_of` of what it shows).
    """
    version = context.get("version")
    if version is not None and request.args.get("version") == version:
        return make_response("", 204)
    return make_response(render_template(template, **context))


def version_of(*parts: object) -> str:
    """A short token of what a fragment shows: the same parts, the same token."""
    return hashlib.blake2s(repr(parts).encode(), digest_size=8).hexdigest()


def wants_fragment() -> bool:
    """True for a request of HTMX that is not restoring a whole page from history."""
    return bool(request.headers.get("HX-Request")) and not request.headers.get("HX-History-Restore-Request")


def _vary(response: Response) -> Response:
    if response.mimetype == "text/html":
        response.vary.add("HX-Request")
    return response

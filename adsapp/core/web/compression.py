"""Pages and JSON go out as gzip; files, downloads, streams and parts of files as they are.

Whoever listens on the line sees how long an answer is. If an answer holds a secret and text that a stranger chose, and
is compressed, then its length tells how alike the two are (BREACH). A stranger can choose text only by making the
browser of a person who is signed in ask for a page, and the browser says of such a request that it came from another
site. Those answers stay as long as they are: docs/adr/0013-what-goes-over-the-wire.md.
"""

import gzip
from typing import Final

from flask import Flask, Response, request
from werkzeug.wrappers import Request

LEVEL: Final = 6  # 0.3 ms for a page of 40 KB; level 9 takes longer and saves a hundredth
SMALLEST: Final = 256  # bytes; below that the wrapping eats what it saves
NO_WHOLE_BODY: Final = (204, 206, 304)
STRANGERS: Final = ("cross-site", "same-site")  # of the header Sec-Fetch-Site
_TYPES: Final = ("application/json", "application/problem+json", "image/svg+xml")


def init_compression(app: Flask) -> None:
    """Compress what goes out. To be called before others attach what they do after a request: it is done last."""
    app.after_request(_compress)


def is_compressible(mimetype: str) -> bool:
    """True for text."""
    return mimetype.startswith("text/") or mimetype in _TYPES


def takes_gzip(asked: Request) -> bool:
    """True if whoever asks can read gzip."""
    return asked.accept_encodings.quality("gzip") > 0


def _compress(response: Response) -> Response:
    if not _may_be_compressed(response):
        return response
    response.vary.add("Accept-Encoding")
    body = response.get_data()
    if len(body) < SMALLEST or not takes_gzip(request) or request.headers.get("Sec-Fetch-Site") in STRANGERS:
        return response
    response.set_data(gzip.compress(body, LEVEL, mtime=0))
    response.content_encoding = "gzip"
    tag, _ = response.get_etag()
    if tag:
        response.set_etag(tag, weak=True)  # the same content, but no longer the same bytes
    return response


def _may_be_compressed(response: Response) -> bool:
    if response.is_streamed or response.status_code in NO_WHOLE_BODY:
        return False
    if response.content_encoding or "Content-Disposition" in response.headers:
        return False
    return is_compressible(response.mimetype or "")

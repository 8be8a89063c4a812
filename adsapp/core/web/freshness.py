"""Answers that say whether they are news: an ETag, and 304 without a body if whoever asks has that very answer.

The answer is made either way, so what this saves is its way: a program that asks every second about a job that has not
moved gets some hundred bytes. Answers to programs may be kept and asked about (`no-cache`); those to people's browsers
are not kept, as everywhere.
"""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final, TypeVar

from flask import Flask, Response, current_app, request

View = TypeVar("View", bound=Callable[..., Any])

AS_OF: Final = re.compile(rb'"as_of":\s*"[^"]*",?\s*')  # when it was looked at is no news by itself
LENGTH: Final = 32  # hex digits: no two answers of one address have the same by chance


def tagged(view: View) -> View:
    """Mark a view whose answers carry a tag."""
    view.tagged = True  # type: ignore[attr-defined]
    return view


def init_freshness(app: Flask) -> None:
    """Attach it; after compression, which is done last and knows tags."""
    app.after_request(_tag)


def tag_of(response: Response) -> str:
    """The tag of an answer: of what it says, whenever that was."""
    return hashlib.sha256(AS_OF.sub(b"", response.get_data())).hexdigest()[:LENGTH]


def is_known(response: Response) -> bool:
    """Whether whoever asks has this very answer already."""
    return request.if_none_match.contains_weak(tag_of(response))


def _tag(response: Response) -> Response:
    view = current_app.view_functions.get(request.endpoint or "")
    if not getattr(view, "tagged", False) or response.status_code != 200 or request.method not in ("GET", "HEAD"):
        return response
    response.set_etag(tag_of(response), weak=True)
    response.vary.update(("Authorization", "Cookie"))
    if request.authorization is not None:
        response.headers["Cache-Control"] = "private, no-cache"
    if is_known(response):
        response.status_code = 304
        response.set_data(b"")
        response.headers.pop("Content-Length", None)
    return response

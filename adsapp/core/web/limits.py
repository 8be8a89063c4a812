"""The size of a request: who may not send it, or sends too much, is told before its body is read.

A view takes a small body, unless it is marked with `takes` or `takes_upload`. The web server asks before it reads a
body that is more than small: it calls the application without one, with an `Asked` in the environment under `ASKED`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, request

from adsapp.config import Settings
from adsapp.core import context
from adsapp.core.errors import TooLarge

View = TypeVar("View", bound=Callable[..., Any])

KB, MB = 1_000, 1_000_000  # as browsers, disks and the pages count
SMALL = 256 * KB  # a form, or JSON: what is parsed takes many times its size in memory
FORM_ROOM = MB  # what a form may send around the file
ASKED = "adsapp.asked"


@dataclass
class Asked:
    """The web server's question whether a body is wanted; `most` is the answer, None where it is not."""

    most: int | None = None


def takes(size: int) -> Callable[[View], View]:
    """Mark a view whose body may have so many bytes."""

    def mark(view: View) -> View:
        view.takes = size  # type: ignore[attr-defined]
        return view

    return mark


def takes_upload(view: View) -> View:
    """Mark a view that takes a file. JSON in its place is as small as that of any other view, or as `takes` says."""
    view.takes_upload = True  # type: ignore[attr-defined]
    return view


def init_limits(app: Flask, settings: Settings) -> None:
    """Refuse what is too large. Attached after the guard, which needs no body, and before what reads one."""
    app.config["MAX_CONTENT_LENGTH"] = settings.max_upload_mb * MB + FORM_ROOM
    app.before_request(_refuse)
    app.before_request(_answer_the_server)


def _refuse() -> None:
    if request.routing_exception is not None:
        return
    most, size = _most(), request.content_length or 0
    request.max_content_length = most  # for bodies that do not say how long they are
    if size > most:
        raise too_large(context.settings(), size) if _is_upload() else _too_long(size, most)


def _answer_the_server() -> Response | None:
    asked: Asked | None = request.environ.get(ASKED)
    if asked is None or request.routing_exception is not None:
        return None
    asked.most = _most()
    return Response(status=204)


def _most() -> int:
    if _is_upload():
        return context.settings().max_upload_mb * MB + FORM_ROOM
    return getattr(_view(), "takes", SMALL)


def _is_upload() -> bool:
    return not request.is_json and getattr(_view(), "takes_upload", False)


def _view() -> Callable[..., Any] | None:
    return current_app.view_functions.get(request.endpoint or "")


def _too_long(size: int, most: int) -> TooLarge:
    return TooLarge(
        f"The request's body is {size / KB:,.0f} KB, more than the {most / KB:,.0f} KB that are taken here. "
        "Nothing was kept. Send less at once.",
        code="too_large",
    )


def too_large(settings: Settings, size: int | None = None) -> TooLarge:
    """The error of a file, which names the limit, and the size if it is known."""
    is_so = f"is {size / MB:,.0f} MB, which is" if size else "is"
    actor = g.get("actor")
    is_admin = actor is not None and actor.role in ("owner", "admin")
    further = "raise MAX_UPLOAD_MB in this installation's settings" if is_admin else "ask an admin to raise the limit"
    return TooLarge(
        f"The file {is_so} larger than this installation takes: {settings.max_upload_mb:,} MB. "
        f"Nothing was kept. Split it into smaller files, or {further}.",
        code="too_large",
    )

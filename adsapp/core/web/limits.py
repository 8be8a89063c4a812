"""The size of a request: too large is said in words, not by a connection that breaks off."""

from collections.abc import Callable

from flask import Flask, g, request

from adsapp.config import Settings
from adsapp.core.errors import TooLarge

MB = 1_000_000  # as browsers, disks and the pages count
FORM_ROOM = MB  # what a form may send around the file
_BLOCK = 1 << 16
# A browser shows an answer only once it has sent everything, so what is refused is read and thrown away, up to this.
_READ_ON = 2_000 * MB


def init_limits(app: Flask, settings: Settings, identify: Callable[[], None]) -> None:
    """Refuse requests over the size of an upload before anything of them is kept.

    `identify` finds out who asks, so that the answer can be a page of theirs.
    """
    most = settings.max_upload_mb * MB + FORM_ROOM
    app.config["MAX_CONTENT_LENGTH"] = most  # for bodies that do not say how long they are

    def refuse() -> None:
        length = request.content_length or 0
        if length > most:
            _read_away(length)
            identify()
            raise too_large(settings, length)

    app.before_request(refuse)


def too_large(settings: Settings, size: int | None = None) -> TooLarge:
    """The error that names the limit, and the size if it is known."""
    is_so = f"is {size / MB:,.0f} MB, which is" if size else "is"
    actor = g.get("actor")
    is_admin = actor is not None and actor.role in ("owner", "admin")
    further = "raise MAX_UPLOAD_MB in this installation's settings" if is_admin else "ask an admin to raise the limit"
    return TooLarge(
        f"The file {is_so} larger than this installation takes: {settings.max_upload_mb:,} MB. "
        f"Nothing was kept. Split it into smaller files, or {further}.",
        code="too_large",
    )


def _read_away(length: int) -> None:
    stream, left = request.environ["wsgi.input"], min(length, _READ_ON)
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        left -= len(block)

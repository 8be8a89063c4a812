"""The size of a request: too large is said in words, not by a connection that breaks off."""

from flask import Flask, request

from adsapp.config import Settings
from adsapp.core.errors import TooLarge

MB = 1024 * 1024
FORM_ROOM = MB  # what may stand around the file in a form
_BLOCK = 1 << 16
# A browser shows an answer only once it has sent everything, so what is refused is read and thrown away, up to this.
_READ_ON = 2_000 * MB


def init_limits(app: Flask, settings: Settings) -> None:
    """Refuse requests over the size of an upload before anything of them is kept."""
    most = settings.max_upload_mb * MB + FORM_ROOM
    app.config["MAX_CONTENT_LENGTH"] = most  # for bodies that do not say how long they are

    def refuse() -> None:
        length = request.content_length or 0
        if length > most:
            _read_away(length)
            raise too_large(settings, length)

    app.before_request(refuse)


def too_large(settings: Settings, size: int | None = None) -> TooLarge:
    """The error that names the limit, and the size where it is known."""
    is_so = f"is {size / MB:,.0f} MB, which is" if size else "is"
    return TooLarge(
        f"The file {is_so} larger than this installation takes: {settings.max_upload_mb:,} MB (MAX_UPLOAD_MB). "
        "Nothing was kept. Split it into smaller files, or ask an admin to raise the limit.",
        code="too_large",
    )


def _read_away(length: int) -> None:
    stream, left = request.environ["wsgi.input"], min(length, _READ_ON)
    while left > 0 and (block := stream.read(min(_BLOCK, left))):
        left -= len(block)

"""A file that the browser keeps: its answer, and how it is named."""

import re
import unicodedata
from collections.abc import Iterable
from urllib.parse import quote

from flask import Response

_NOT_IN_NAMES = re.compile(r"[\s\x00-\x1f\x7f<>:\"/\\\\|?*.,;]+")  # by some file system, or awkward in all


def file_name(*parts: str, ending: str) -> str:
    """Herbstfest Köln, failed: herbstfest-köln-failed.csv. Letters of every script stay."""
    words = (_NOT_IN_NAMES.sub("-", unicodedata.normalize("NFC", part.lower())).strip("-") for part in parts)
    return "-".join(word for word in words if word) + ending


def attachment(name: str) -> str:
    """The header Content-Disposition (RFC 6266): the name, and for old programs one in ASCII."""
    plain = re.sub(r"[^\x20-\x7e]+", "_", name)
    return f'attachment; filename="{plain}"' + ("" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}")


def download(pieces: Iterable[str] | Iterable[bytes], mimetype: str, name: str) -> Response:
    """The answer that sends a file piece by piece, as they are made."""
    answer = Response(pieces, mimetype=mimetype)
    answer.headers["Content-Disposition"] = attachment(name)
    return answer

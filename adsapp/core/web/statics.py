"""Static files: one style sheet, one script, and all others, each under an address that carries its fingerprint.

Nothing is built beforehand. A file is read, packed and kept when a page first names it, and read again once it was
edited. A fingerprint is made of content alone, so every web process on every machine makes the same one, and a browser
may keep for ever what it got under it (docs/adr/0015-what-goes-over-the-wire.md).
"""

import gzip
import hashlib
import mimetypes
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from os.path import isfile
from pathlib import Path
from posixpath import normpath
from typing import TYPE_CHECKING, Final

from flask import Flask, current_app, request, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.security import safe_join
from werkzeug.wrappers import Request, Response

from adsapp.core.web.compression import is_compressible, takes_gzip
from adsapp.core.web.security import HEADERS

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# What the one file of each kind is made of, in the order that counts.
SHEETS: Final = (
    *("tokens", "base", "layout", "components", "forms", "overlays", "content", "tables", "charts", "chat"),
    *("campaigns", "contacts", "email", "jobs", "schedules", "alerts"),
)
LIBRARIES: Final = ("vendor/htmx.org-2.0.11/htmx.min.js", "vendor/idiomorph-0.8.0/idiomorph-ext.min.js")
SCRIPTS: Final = (
    *(
        "theme",
        "requests",
        "toast",
        "times",
        "dialog",
        "place",
        "copy",
        "keys",
        "upload",
        "zone",
        "latest",
        "frames",
        "guard",
        "ticks",
        "live",
        "bell",
    ),
)
MADE_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "app.css": tuple(f"css/{name}.css" for name in SHEETS),
    "app.js": (*LIBRARIES, *(f"js/{name}.js" for name in SCRIPTS)),
}
PLACE: Final = "/static/"
FOR_EVER: Final = "public, max-age=31536000, immutable"
ASK_FIRST: Final = "no-cache"  # kept, but shown only after the server said that it still holds
LOOKED_AT_FOR: Final = 1.0  # seconds until a kept file is compared with the one on the disk again
TYPES: Final = {".woff2": "font/woff2", ".js": "text/javascript", ".md": "text/markdown"}  # not what a machine says

_COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)
_COMMENT_LINE = re.compile(r"^[ \t]*//.*\n", re.MULTILINE)
_ADDRESS = re.compile(r'url\("\.\./([^"]+)"\)')


@dataclass(frozen=True)
class StaticFile:
    """What is answered for one name."""

    name: str
    body: bytes

    @cached_property
    def fingerprint(self) -> str:
        """Of the content, and of nothing else."""
        return hashlib.blake2s(self.body, digest_size=6).hexdigest()

    @cached_property
    def mimetype(self) -> str:
        """By its ending."""
        known = TYPES.get(Path(self.name).suffix)
        return known or mimetypes.guess_type(self.name)[0] or "application/octet-stream"

    @cached_property
    def packed(self) -> bytes | None:
        """As gzip, as small as it gets; None for what is packed already."""
        return gzip.compress(self.body, 9, mtime=0) if is_compressible(self.mimetype) else None


class Shelf:
    """The files below one folder, read when they are first asked for and again when they have changed."""

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self._clock = clock
        self._kept: dict[str, tuple[float, tuple[int, ...], StaticFile]] = {}

    def find(self, name: str) -> StaticFile | None:
        """The file of this name as it is on the disk, or was a second ago."""
        now = self._clock()
        kept = self._kept.get(name)
        if kept and now - kept[0] < LOOKED_AT_FOR:
            return kept[2]
        paths = self._paths(name)
        if paths is None:
            return None
        stamp = _stamp(paths)
        found = kept[2] if kept and kept[1] == stamp else StaticFile(name, self._read(name, paths))
        self._kept[name] = (now, stamp, found)
        return found

    def fingerprint(self, name: str) -> str:
        """What an address of this file carries; "0" if there is none."""
        found = self.find(name)
        return found.fingerprint if found else "0"

    def _paths(self, name: str) -> list[Path] | None:
        if name != normpath(name):
            return None  # a file has one name here, so that no more are kept than there are
        places = [safe_join(str(self._folder), part) for part in MADE_OF.get(name, (name,))]
        there = [Path(place) for place in places if place and isfile(place)]  # never fails, whatever the name is
        return there if len(there) == len(places) else None

    def _read(self, name: str, paths: list[Path]) -> bytes:
        if name not in MADE_OF:
            return paths[0].read_bytes()
        piece = self._sheet if name.endswith(".css") else _script
        return "".join(piece(path) for path in paths).encode()

    def _sheet(self, path: Path) -> str:
        """A style sheet without comments; what it loads stands beside app.css, with its fingerprint."""
        text = _COMMENT.sub("", path.read_text(encoding="utf-8"))
        return _ADDRESS.sub(lambda found: f'url("{found[1]}?v={self.fingerprint(found[1])}")', text)


def _script(path: Path) -> str:
    """A script on its own inside the one file. Ours are strict and see no names of one another, as modules do."""
    text = path.read_text(encoding="utf-8")
    if path.name.endswith(".min.js"):
        return f"{text};\n"
    return f'(() => {{\n"use strict";\n{_COMMENT_LINE.sub("", text)}}})();\n'


def _stamp(paths: list[Path]) -> tuple[int, ...]:
    marks = [path.stat() for path in paths]
    return tuple(figure for mark in marks for figure in (mark.st_mtime_ns, mark.st_size))


class StaticFront:
    """Answers /static/ in front of Flask: no session is opened for it, so no cookie is set, and none makes it vary.

    A name that is not there, and any other method, is passed on, and refused as everywhere.
    """

    def __init__(self, shelf: Shelf, behind: "WSGIApplication") -> None:
        self._shelf = shelf
        self._behind = behind

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        is_read = environ.get("REQUEST_METHOD") in ("GET", "HEAD")
        found = self._shelf.find(path.removeprefix(PLACE)) if is_read and path.startswith(PLACE) else None
        if found is None:
            return self._behind(environ, start_response)
        try:
            return answer(found, Request(environ))(environ, start_response)
        except HTTPException as refusal:  # a part that the file does not have
            return refusal(environ, start_response)


def answer(found: StaticFile, asked: Request) -> Response:
    """A static file, packed if the browser takes that, kept for ever if it was asked for by its fingerprint."""
    # A part is a part of the file, not of the packed file.
    packed = found.packed if takes_gzip(asked) and "Range" not in asked.headers else None
    body = found.body if packed is None else packed
    response = Response(body, mimetype=found.mimetype, headers=HEADERS)
    response.set_etag(found.fingerprint if packed is None else f"{found.fingerprint}-gzip")  # other bytes, another tag
    if packed is not None:
        response.content_encoding = "gzip"
    if found.packed is not None:
        response.vary.add("Accept-Encoding")
    # An address made for other content (of a page drawn before an upgrade) must not keep this one under that name.
    fits = asked.query_string == f"v={found.fingerprint}".encode()  # of which much cannot be read, and need not be
    response.headers["Cache-Control"] = FOR_EVER if fits else ASK_FIRST
    return response.make_conditional(asked, accept_ranges=True, complete_length=len(body))


def init_statics(app: Flask) -> None:
    """Put the shelf in front of the application."""
    shelf = Shelf(Path(app.static_folder or "static"))
    app.extensions["static_files"] = shelf
    app.wsgi_app = StaticFront(shelf, app.wsgi_app)  # type: ignore[method-assign]


def static_url(name: str) -> str:
    """Where a file below static/ is found, with the fingerprint of what is found there now."""
    shelf: Shelf = current_app.extensions["static_files"]
    return _static_url(request.script_root, name, shelf.fingerprint(name))


@lru_cache(maxsize=1024)
def _static_url(_script_root: str, name: str, fingerprint: str) -> str:
    """Kept, because a page names a hundred, most of them icons."""
    return url_for("static", filename=name, v=fingerprint)

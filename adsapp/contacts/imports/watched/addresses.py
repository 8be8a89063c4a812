"""A file at an address: what of the address is a secret, and how the file is fetched.

A user and a password in it are sent as such, and a query goes along as it is. Neither is shown: `shown` covers them.
"""

import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit

from adsapp.core import context
from adsapp.core.errors import Invalid
from adsapp.core.outgoing import Answer, Caller, Limits, OutgoingError
from adsapp.core.web.limits import MB

COVER: Final = "•••"
SECONDS: Final = 300.0  # for a whole file
LONGEST_ETAG: Final = 200
LONGEST_DATE: Final = 100
USUAL_NAME: Final = "contacts.csv"
NOT_CHANGED: Final = 304
TRY_AGAIN: Final = frozenset({408, 425, 429})


@dataclass(frozen=True)
class Fetched:
    """A file that came, and by what it is known the next time."""

    sha256: str
    etag: str
    last_modified: str


def checked(url: str) -> str:
    """The address; raises Invalid (field `url`) for one that nothing may be fetched from. No name is looked up."""
    url = url.strip()
    if COVER in url:
        raise Invalid.field("url", f"A part of this address is covered ({COVER}); enter the whole one")
    try:
        Caller.of(context.settings()).check(_split(url)[0])
    except OutgoingError as error:
        raise Invalid.field("url", error.message) from None
    return url


def shown(url: str) -> str:
    """The address without its secrets: the user is covered, and each value of the query."""
    parts = _read(url)
    if parts is None:
        return COVER
    host = parts.netloc.rpartition("@")
    netloc = f"{COVER}@{host[2]}" if host[1] else host[2]
    query = "&".join(_covered(each) for each in parts.query.split("&")) if parts.query else ""
    return urlunsplit((parts.scheme, netloc, parts.path, query, ""))


def file_name(url: str) -> str:
    """What the file is called, by the end of its address."""
    parts = _read(url)
    return unquote(parts.path.rpartition("/")[2]).strip() if parts and parts.path else ""


def fetch(url: str, known: Mapping[str, str], into: Path) -> Fetched | None:
    """The file, written to `into`; None if the other side says that it is the one with this `etag` or `last_modified`.

    Raises OutgoingError for whatever else it answers.
    """
    settings = context.settings()
    caller = Caller.of(settings, Limits(SECONDS, settings.max_upload_mb * MB))
    address, headers = _split(url)
    names = {"etag": "If-None-Match", "last_modified": "If-Modified-Since"}
    headers |= {names[name]: value for name, value in known.items() if name in names and value}
    with into.open("wb") as file:
        answer = caller.fetch(address, file, headers=headers)
    if answer.status == NOT_CHANGED:
        return None
    if answer.status != 200:
        raise _refused(answer, address)
    with into.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return Fetched(digest, _kept(answer, "etag", LONGEST_ETAG), _kept(answer, "last-modified", LONGEST_DATE))


def _kept(answer: Answer, name: str, most: int) -> str:
    """A header to be sent back; one that is too long to be kept is none, and the file is compared instead."""
    value = answer.headers.get(name, "")
    return value if len(value) <= most and value.isascii() and value.isprintable() else ""


def _refused(answer: Answer, address: str) -> OutgoingError:
    host, status = urlsplit(address).hostname, answer.status
    is_permanent = 400 <= status < 500 and status not in TRY_AGAIN
    return OutgoingError(f"http_{status}", f"{host} answered {status} in place of the file", is_permanent=is_permanent)


def _split(url: str) -> tuple[str, dict[str, str]]:
    """The address without user and password, and the header that says them."""
    parts = _read(url)
    if parts is None or "@" not in parts.netloc:
        return url, {}
    given, _, host = parts.netloc.rpartition("@")
    user, _, password = given.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    header = binascii.b2a_base64(pair, newline=False).decode()
    return urlunsplit(parts._replace(netloc=host)), {"Authorization": f"Basic {header}"}


def _read(url: str) -> SplitResult | None:
    try:
        return urlsplit(url)
    except ValueError:
        return None


def _covered(pair: str) -> str:
    name, sign, _ = pair.partition("=")
    return f"{name}={COVER}" if sign else COVER

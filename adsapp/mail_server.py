"""How SMTP_URL and NOTIFICATIONS_FROM are read: by the settings, which refuse a wrong one, and by who sends."""

import re
from dataclasses import dataclass, field
from email.utils import parseaddr
from urllib.parse import unquote, urlsplit

PORTS = {"smtp": 587, "smtps": 465}
STARTTLS = ("required", "auto", "never")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


@dataclass(frozen=True)
class MailServer:
    """What SMTP_URL says. starttls: whether a connection that is not encrypted from the beginning becomes so."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    is_encrypted: bool
    starttls: str


def read_smtp_url(url: str) -> MailServer:
    """Raises ValueError that says what is wrong, without the password."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        raise ValueError("should have a port from 1 to 65535, or none") from None
    if parts.scheme not in PORTS or not parts.hostname:
        raise ValueError("should be smtp://user:password@host:587 or smtps://user:password@host:465")
    if bool(parts.username) != bool(parts.password):
        raise ValueError("should name a user and a password, or neither; @ : / in them are written %40 %3A %2F")
    return MailServer(
        host=parts.hostname,
        port=port or PORTS[parts.scheme],
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        is_encrypted=parts.scheme == "smtps",
        starttls=_starttls(parts.scheme, parts.path, parts.query, "required" if parts.username else "auto"),
    )


def _starttls(scheme: str, path: str, query: str, usual: str) -> str:
    """A password is not sent in the clear unless that is asked for."""
    name, _, given = query.partition("=")
    if path not in ("", "/") or name not in ("", "starttls") or (query and scheme == "smtps"):
        raise ValueError("should end with the port; smtp:// may add ?starttls=required, auto or never")
    chosen = given if query else usual
    if chosen not in STARTTLS:
        raise ValueError(f"should say ?starttls=required, auto or never, not {chosen!r}")
    return chosen


def read_sender(text: str) -> tuple[str, str]:
    """Name, which may be empty, and address. Raises ValueError."""
    name, address = parseaddr(text)
    if not text.isprintable() or not _ADDRESS.fullmatch(address):
        raise ValueError("should be an address such as adsapp@example.com, or ADSapp <adsapp@example.com>")
    return name, address

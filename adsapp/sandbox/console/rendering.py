"""What the sandbox's pages share: templates, forms, the headers that protect them. They work without JavaScript."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jinja2
from aiohttp import web

from adsapp.sandbox.web import Problem

HERE = Path(__file__).parent
_PROTECTION = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}
# A foreign document: no scripts, no forms, nothing from elsewhere; its links open beside it, as in a mail program.
_FRAMED = {
    **_PROTECTION,
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'self'; "
        "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
    ),
    "Referrer-Policy": "no-referrer",
}


def _clock_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%H:%M:%S")


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


def _count(number: int) -> str:
    return f"{number:,}"


_TEMPLATES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(HERE / "html"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_TEMPLATES.filters.update(hms=_clock_time, iso=_iso_time, count=_count)


def render(name: str, status: int = 200, **values: Any) -> web.Response:
    text = _TEMPLATES.get_template(name).render(**values)
    return web.Response(text=text, status=status, content_type="text/html", headers=_PROTECTION)


def framed(html: str) -> web.Response:
    """A document of somebody else, to be shown in a frame."""
    return web.Response(text=f'<base target="_blank">{html}', content_type="text/html", headers=_FRAMED)


async def form_of(request: web.Request) -> dict[str, str]:
    return {name: value for name, value in (await request.post()).items() if isinstance(value, str)}


def whole_number(text: str, where: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Problem(f"not a whole number: {text!r}", where, "use a whole number, 0 or more")
    return int(text)


def back(to: str = "/") -> web.Response:
    return web.Response(status=303, headers={"Location": to})

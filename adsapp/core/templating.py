"""What templates may call: static files with their version, figures and times as people read them."""

import hashlib
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from flask import Flask, url_for

from adsapp.core.clock import iso, utcnow
from adsapp.core.htmx import version_of


def init_templating(app: Flask) -> None:
    """Attach globals and filters; undefined names in templates are errors."""
    root = Path(app.static_folder or "static")

    def static_url(name: str) -> str:
        return url_for("static", filename=name, v=_fingerprint(root / name))

    app.jinja_env.globals.update(static_url=static_url, now=utcnow, version_of=version_of)
    app.jinja_env.filters.update(
        count=format_count, iso=iso, ago=format_ago, duration=format_duration, phone=format_phone
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


@lru_cache(maxsize=256)
def _fingerprint(path: Path) -> str:
    return hashlib.blake2s(path.read_bytes(), digest_size=6).hexdigest() if path.is_file() else "0"


def format_count(value: Any) -> str:
    """12430 as 12,430; nothing as –."""
    return "–" if value is None else f"{value:,}"


def format_ago(moment: datetime | None) -> str:
    """How long ago: 41 s, 5 min, 3 h, 2 d."""
    if moment is None:
        return "–"
    return format_duration((utcnow() - moment).total_seconds())


def format_duration(seconds: float | None) -> str:
    """A span: 0.4 s, 41 s, 5 min, 3 h, 2 d."""
    if seconds is None:
        return "–"
    seconds = max(0.0, seconds)
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (129600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def format_phone(number: str, whole: bool = True) -> str:
    """A number, masked to its first and last digits for those who may not see it."""
    if whole or len(number) < 8:
        return number
    return f"{number[:3]} ••• ••• •{number[-3:]}"

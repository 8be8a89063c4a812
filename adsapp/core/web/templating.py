"""What templates may call: static files with their version, figures and times as people read them."""

from datetime import datetime
from typing import Any

from flask import Flask

from adsapp.core.clock import iso, utcnow
from adsapp.core.web import markup
from adsapp.core.web.leaving import current_mask
from adsapp.core.web.statics import static_url
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural


def init_templating(app: Flask) -> None:
    """Attach globals and filters; undefined names in templates are errors."""
    app.jinja_env.globals.update(static_url=static_url, url_for=url_for, now=utcnow)
    app.jinja_env.globals.update(
        render_attributes=markup.render_attributes,
        render_chart_rows=markup.render_chart_rows,
        render_count=markup.render_count,
        render_icon=markup.render_icon,
        render_points=markup.render_points,
        render_pill=markup.render_pill,
        render_time=markup.render_time,
        drawn=markup.drawn,
        span_of=markup.span_of,
    )
    app.jinja_env.filters.update(
        count=format_count,
        iso=iso,
        ago=format_ago,
        duration=format_duration,
        milliseconds=format_milliseconds,
        phone=format_phone,
        plural=plural,
    )
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True


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
    if seconds < 0.05:
        return "less than 0.1 s"
    if seconds < 10:
        return f"{seconds:.1f} s"
    for limit, size, unit in ((90, 1, "s"), (5400, 60, "min"), (129600, 3600, "h")):
        if seconds < limit:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86400:.0f} d"


def format_milliseconds(milliseconds: int | None) -> str:
    """A span that may be short: 12 ms, 1.4 s, 5 min."""
    if milliseconds is None or milliseconds >= 1000:
        return format_duration(None if milliseconds is None else milliseconds / 1000)
    return f"{milliseconds} ms"


def format_phone(number: str) -> str:
    """A number, as whoever asks may see it."""
    return current_mask().number(number)

"""The smallest pieces of a page, of which a list draws several in each row.

They are functions because a macro of Jinja takes ten times as long, and a page of fifty rows has some three hundred of
these. Templates reach them through macros/ui.html, like any macro.
"""

from collections.abc import Hashable, Mapping, Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from flask import current_app
from markupsafe import Markup, escape

from adsapp.core.masks import Mask
from adsapp.core.web.leaving import current_mask, shown
from adsapp.core.web.statics import static_url

SHAPES = {
    "second": "%H:%M:%S",
    "minute": "%H:%M",
    "date": "%-d %b %Y",
    "full": "%-d %b %Y, %H:%M",
    "ago": "%-d %b %Y, %H:%M",
    "span": "since %-d %b %Y, %H:%M",
}
PILL_ICONS = {"good": "check", "busy": "refresh", "warning": "alert-triangle", "bad": "circle-x"}
NOTHING = Markup("–")


def render_count(number: Any) -> Markup:
    """12430 as 12,430; what is no number as –."""
    return Markup(f"{number:,}") if isinstance(number, int | float) else NOTHING


def render_time(moment: datetime | None, shape: str = "full") -> Markup:
    """A moment, or – for none; shape: full, date, minute, second, ago; span is how long it lasts since.

    A script rewrites it in the viewer's zone; without, it says UTC. One without a zone is taken as UTC.
    """
    if not moment:
        return NOTHING
    words = moment.strftime(SHAPES.get(shape, SHAPES["full"])) + ("" if shape == "date" else " UTC")
    stamp = moment.isoformat(timespec="seconds") + ("" if moment.tzinfo else "Z")
    return Markup(f'<time datetime="{stamp}" data-local="{escape(shape)}">{words}</time>')


def render_icon(name: str, label: str | None = None) -> Markup:
    """An outline from static/icons.svg. With a label it is read aloud; without, it is decoration."""
    return _icon(static_url("icons.svg"), name, label)


@lru_cache(maxsize=2048)
def _icon(sprite: str, name: str, label: str | None) -> Markup:
    spoken = f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    drawn = f'<svg class="icon" {spoken} focusable="false"><use href="{escape(sprite)}#{escape(name)}"></use></svg>'
    return Markup(drawn)


def render_pill(
    kind: str, text: Any, icon: str | None = None, href: str | None = None, current: bool = False
) -> Markup:
    """A state: icon, word and colour together, never colour alone; a link if there is `href`.

    kind: good, busy, warning, bad, neutral, accent. An empty `icon` draws none; without one the kind has its own.
    """
    drawn = PILL_ICONS.get(kind) if icon is None else icon
    inside = f"{render_icon(drawn) if drawn else ''}{escape(shown(text))}"
    if not href:
        return Markup(f'<span class="pill pill-{escape(kind)}">{inside}</span>')
    marked = ' aria-current="true"' if current else ""
    return Markup(f'<a class="pill pill-{escape(kind)}" href="{escape(href)}"{marked}>{inside}</a>')


def render_attributes(given: Mapping[str, Any]) -> Markup:
    """Keyword arguments as attributes: `hx_get="/x"` is `hx-get="/x"`; True writes the name only, False and None go."""
    parts = []
    for key, value in given.items():
        if value is None or value is False:
            continue
        name = escape(key.rstrip("_").replace("_", "-"))
        parts.append(f" {name}" if value is True else f' {name}="{escape(shown(value))}"')
    return Markup("".join(parts))


def render_points(values: Sequence[float], width: float, height: float, low: float, high: float, pad: float) -> Markup:
    """Values as the points of a line from left to right, `low` at the bottom of `height`, `high` at its top.

    In whole units, which are pixels: a chart of an hour that is polled would be half a kilobyte longer with decimals.
    """
    step, scale = width / max(len(values) - 1, 1), height / ((high - low) or 1)
    places = enumerate(values)
    if len(values) == 1:  # a line of one point is not drawn; one that goes nowhere is a dot, as its ends are round
        places = enumerate([*values, *values])
        step = 0
    return Markup(" ").join(f"{at * step + pad:.0f},{pad + height - (value - low) * scale:.0f}" for at, value in places)


def render_chart_rows(series: Sequence[Mapping[str, Any]], labels: Sequence[str], unit: str = "") -> Markup:
    """The figures of a chart as rows of a table, one for each label; `values` of each of the series are as many."""
    columns = [[f'<td class="num">{escape(value)}{escape(unit)}</td>' for value in each["values"]] for each in series]
    cells = map("".join, zip(*columns, strict=True))
    rows = zip(labels, cells, strict=True)
    return Markup("".join(f'<tr><th scope="row">{escape(label)}</th>{its}</tr>' for label, its in rows))


def span_of(values: Sequence[float]) -> tuple[float, float]:
    """The smallest and the largest."""
    return min(values), max(values)


def drawn(template: str, **given: Hashable) -> Markup:
    """A piece of a page that is drawn again and again, such as the row of a list that is polled: kept once drawn.

    The template sees what it is given and nothing of the request but its mask, so all who have the same mask are shown
    the very same. The organization must be among what is given where anything of it is shown.
    """
    return _drawn(template, current_mask(), **given)


@lru_cache(maxsize=2_000)
def _drawn(template: str, _mask: Mask, **given: Hashable) -> Markup:
    return Markup(current_app.jinja_env.get_template(template).render(given))

"""A page is one frozen object that a presenter builds; its templates read it as `page`, and nothing else of the view.

A class of its own for each page, so that mypy sees what is put into it, and a test that its templates read only what is
there (tests/front/test_pages.py).
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import fields
from datetime import datetime
from functools import cache
from operator import attrgetter
from typing import Any, ClassVar

from flask import Response, make_response, render_template, request

from adsapp.core.web.htmx import wants_fragment


class WebPage:
    """The base of all pages. `template` draws it."""

    __slots__ = ()
    template: ClassVar[str]


class PartedPage(WebPage):
    """A page with a part that is asked for alone, such as a form while it is typed; `fragment` is its template."""

    __slots__ = ()
    fragment: ClassVar[str]


class LivePage(PartedPage):
    """A page with a part that asks for itself again.

    The part's own `hx-get` is `live_url`, which carries the version: the view answers 204 while it holds. Every field
    belongs to the version unless it says `field(compare=False)`, so that nothing shown is forgotten. Marked so is what
    changes although nothing happened (`as_of`, the time left), and the database rows that are read only when the page
    is drawn. All other fields hold plain values: numbers, words, moments, and tuples or frozen objects of them.
    """

    __slots__ = ()
    as_of: datetime  # when this was true

    @property
    def version(self) -> str:
        """A short token of what the page shows."""
        return version_of(self)

    @property
    def live_url(self) -> str | None:
        """The fragment's own address, its version in the query; None once nothing changes any more."""
        raise NotImplementedError


def render(page: WebPage) -> str:
    """The whole page."""
    return render_template(page.template, page=page)


def render_asked(page: PartedPage) -> str:
    """The part where it alone is asked for, else the whole page."""
    return render_template(page.fragment, page=page) if wants_fragment() else render(page)


def render_refused(page: PartedPage, why: str) -> Response:
    """A form that cannot be taken. Where its part alone is asked for, the reason stands in the corner, too: there it
    stays until it was read, while the next look at the form replaces the part."""
    response = make_response(render_asked(page), 422)
    if wants_fragment():
        response.headers["HX-Trigger"] = json.dumps({"toast": {"text": why, "kind": "bad"}})
    return response


def render_fragment(page: LivePage) -> Response:
    """The part that asks for itself, on its own URL; 204 if the browser has this very version already."""
    if request.args.get("version") == page.version:
        return make_response("", 204)
    return make_response(render_template(page.fragment, page=page))


def version_of(page: LivePage) -> str:
    """A short token of what the page shows, the same in every process: of all its fields but those not compared."""
    kind: Any = type(page)
    return hashlib.blake2s(repr(_reader(kind)(page)).encode(), digest_size=8).hexdigest()


@cache
def _reader(kind: Any) -> Callable[[LivePage], Any]:
    return attrgetter(*(field.name for field in fields(kind) if field.compare))

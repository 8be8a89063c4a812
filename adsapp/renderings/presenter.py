"""The pages of trials as their templates read them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any, ClassVar, Final

from sqlalchemy import select

from adsapp.campaigns.compose.form import ComposeForm
from adsapp.campaigns.compose.page import ComposePage, template_id_of
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.web.pages import LivePage
from adsapp.core.web.urls import url_for
from adsapp.jobs import Job, State
from adsapp.message_templates import previews
from adsapp.message_templates.languages import language_name
from adsapp.message_templates.models import FAILED, RENDERED, Rendering, RenderingRow
from adsapp.message_templates.previews import Bubble
from adsapp.message_templates.rendering import Part, Rendered
from adsapp.outbound.whom import audience_words
from adsapp.renderings import queries
from adsapp.renderings.queries import view_of
from adsapp.renderings.run import MISSING, TOO_LONG

SHOWN: Final = 50
EVERY: Final = 2
TITLES: Final = {MISSING: "have no value for a variable", TOO_LONG: "have a message that is too long"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TryPage(ComposePage):
    """On whom a template is tried, and where its values come from: the compose page without a name and a time."""

    template: ClassVar[str] = "renderings/new.html"
    fragment: ClassVar[str] = "renderings/_new.html"

    @classmethod
    def of(cls, composed: ComposePage) -> "TryPage":
        """The same, drawn otherwise."""
        return cls(**{each.name: getattr(composed, each.name) for each in fields(composed)})


@dataclass(frozen=True, slots=True)
class Row:
    """A person: what they would read in stretches of (text, is it a variable), or why they would not."""

    number: int
    contact_id: uuid.UUID | None
    name: str
    phone: str
    is_failed: bool
    message: str
    parts: Sequence[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderingPage(LivePage):
    """A trial: how far it is, who has a problem, and what the others would read."""

    template: ClassVar[str] = "renderings/show.html"
    fragment: ClassVar[str] = "renderings/_rendering.html"

    as_of: datetime = field(compare=False)
    id: uuid.UUID
    job_id: uuid.UUID | None
    name: str
    language: str
    audience: str
    total: int
    rendered: int
    failed: int
    reasons: tuple[tuple[str, int], ...]
    outcome: str  # of the rows shown: failed, rendered
    is_running: bool
    has_failed: bool
    was_cancelled: bool
    error: str | None
    is_forgotten: bool
    rows: Sequence[Row] = field(compare=False)
    bubble: Bubble | None = field(compare=False)
    cursor: str = field(compare=False)
    next_cursor: str | None = field(compare=False)
    send_url: str = field(compare=False)
    shows_texts: bool

    @classmethod
    def of(cls, rendering: Rendering, outcome: str, cursor: str, *, shows_texts: bool) -> "RenderingPage":
        """Those who have a problem first, unless others are asked for."""
        job = _job(rendering)
        shown = outcome or (FAILED if rendering.failed or not rendering.rendered else RENDERED)
        page = queries.rows_of(rendering, shown, cursor or None, SHOWN)
        view = view_of(rendering)
        first = page.items[0] if page.items else None
        return cls(
            as_of=utcnow(),
            id=rendering.id,
            job_id=rendering.job_id,
            name=rendering.template_name,
            language=language_name(rendering.template_language),
            audience=_whom(rendering),
            total=rendering.total or 0,
            rendered=rendering.rendered,
            failed=rendering.failed,
            reasons=tuple(rendering.failed_by_code.items()),
            outcome=shown,
            is_running=job is not None and not job.is_finished,
            has_failed=job is not None and job.state is State.FAILED,
            was_cancelled=job is not None and job.state is State.CANCELLED,
            error=job.error if job else None,
            is_forgotten=rendering.forgotten_at is not None,
            rows=[_row(row, view, shows_texts=shows_texts) for row in page.items],
            bubble=previews.of_values(view, first.variables) if first and shows_texts else None,
            cursor=cursor,
            next_cursor=page.next,
            send_url=_send_url(rendering),
            shows_texts=shows_texts,
        )

    @property
    def live_url(self) -> str | None:
        """None once it has ended."""
        if not self.is_running:
            return None
        asked = {"outcome": self.outcome or None, "cursor": self.cursor or None}
        return url_for("renderings.rendering_fragment", rendering_id=self.id, version=self.version, **asked)

    @property
    def every(self) -> int:
        """Seconds between two looks."""
        return EVERY

    @property
    def tabs(self) -> Sequence[Mapping[str, Any]]:
        """Those who have a problem first."""
        counts = ((FAILED, "With a problem", self.failed), (RENDERED, "Can get it", self.rendered))
        return [
            {"label": label, "url": self._url(outcome), "active": self.outcome == outcome, "count": count}
            for outcome, label, count in counts
        ]

    @property
    def next_url(self) -> str | None:
        """Those behind them."""
        return self._url(self.outcome, self.next_cursor) if self.next_cursor else None

    @property
    def first_url(self) -> str | None:
        """The first, from a later page."""
        return self._url(self.outcome) if self.cursor else None

    def _url(self, outcome: str, cursor: str | None = None) -> str:
        return url_for("renderings.show_rendering", rendering_id=self.id, outcome=outcome, cursor=cursor)

    @property
    def done(self) -> int:
        """How many are through."""
        return self.rendered + self.failed

    @property
    def title(self) -> str:
        """What came of it."""
        if self.is_running:
            return "Being tried"
        if not self.done:
            return "Nobody was in this audience"
        return "Everybody can get it" if not self.failed else "Some cannot get it yet"

    @property
    def why(self) -> Sequence[tuple[str, int]]:
        """Each reason in words, with how many have it."""
        return [(TITLES.get(code, code), count) for code, count in self.reasons]


def _row(row: RenderingRow, view: Any, *, shows_texts: bool) -> Row:
    parts = Rendered(view, row.variables, ()).parts if shows_texts and row.outcome == RENDERED else ()
    message = row.message if shows_texts else TITLES.get(row.code, row.code)
    return Row(row.number, row.contact_id, row.name, row.phone, row.outcome == FAILED, message, parts)


def _job(rendering: Rendering) -> Job | None:
    return db.session.scalars(select(Job).where(Job.id == rendering.job_id)).first() if rendering.job_id else None


def _whom(rendering: Rendering) -> str:
    if rendering.audience is None:
        return "rows that a program gave"
    return audience_words(rendering.audience)


def _send_url(rendering: Rendering) -> str:
    """The compose page with this template and its values, for those for whom it could be rendered."""
    template = template_id_of(rendering.template_name, rendering.template_language)
    form = ComposeForm.of_rendering(rendering.variables, template, rendering.id)
    pairs: dict[str, Any] = {}
    for name, value in form.pairs():
        pairs[name] = value
    return url_for("campaigns.new_campaign", **pairs)

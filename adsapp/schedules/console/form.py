"""The form of a schedule, as it is typed, and its page."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from flask import url_for
from werkzeug.datastructures import MultiDict

from adsapp.core import inputs
from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid, NotFound
from adsapp.core.web.pages import WebPage
from adsapp.jobs.registry import Asked, Processor, Recurring, recurring
from adsapp.outbound.choices import ZONES
from adsapp.outbound.timing import known_zone
from adsapp.schedules import coming, draft, times
from adsapp.schedules.coming import Coming
from adsapp.schedules.console import picker
from adsapp.schedules.console.picker import WRITTEN, Picked
from adsapp.schedules.draft import ScheduleIn, recurs
from adsapp.schedules.models import CatchUp, Overlap, Schedule

ASKED = ("url", "folder")  # of some kinds: `Recurring.asks`
NUMBERS = ("catch_up_most", "grace_minutes", "jitter_minutes", "ends_after")
TEXTS = ("name", "kind", "source", *ASKED, "leave_out", "when", "time_zone", "catch_up", "overlap", "ends_at")
LABELS = {
    "catch_up_most": "Each of them, at most",
    "grace_minutes": "Ask a person if it is later than",
    "jitter_minutes": "Spread its beginning over so many minutes",
    "ends_after": "Ends after so many runs",
    "pick_minutes": "Minutes from one run to the next",
}
AS_IT_IS = ""  # the source of a schedule that is edited: it goes on doing what it does

CATCH_UP_CHOICES = (
    (CatchUp.ONE.value, "One run", "the last of them, as soon as a worker is back"),
    (CatchUp.ALL.value, "Each of them", "one after another, as many as you say"),
    (CatchUp.SKIP.value, "None", "it goes on with its next time"),
)
OVERLAP_CHOICES = (
    (Overlap.SKIP.value, "Leave it out", "the one before goes on"),
    (Overlap.QUEUE.value, "Let it wait", "it begins when the one before has ended"),
    (Overlap.CANCEL.value, "Cancel the old one", "it begins when that has stopped"),
)
LEAVE_OUT_CHOICES = (
    ("", "Nobody is left out for that"),
    ("24", "Those who got a campaign in the last day"),
    ("72", "Those who got a campaign in the last 3 days"),
    ("168", "Those who got a campaign in the last 7 days"),
    ("336", "Those who got a campaign in the last 14 days"),
    ("720", "Those who got a campaign in the last 30 days"),
)
EXAMPLES = ("0 9 * * 1-5", "0 9 * * 1", "30 8 1 * *", "@daily", "*/30 * * * *", "every 90 minutes")


@dataclass(frozen=True)
class ScheduleForm:
    """A schedule as typed; nothing is checked here."""

    name: str = ""
    kind: str = ""
    source: str = ""
    url: str = ""
    folder: str = ""
    leave_out: str = ""
    when: str = ""
    time_zone: str = ""
    catch_up: str = CatchUp.ONE.value
    overlap: str = Overlap.SKIP.value
    ends_at: str = ""
    catch_up_most: str = "5"
    grace_minutes: str = ""
    jitter_minutes: str = ""
    ends_after: str = ""
    picked: Picked = field(default_factory=Picked)

    @classmethod
    def read(cls, given: MultiDict[str, str]) -> ScheduleForm:
        """From a posted form, or an address. A time that was chosen is written from then on."""
        picked, names = Picked.read(given), (*TEXTS, *NUMBERS)
        form = cls(**{name: given[name].strip() for name in names if name in given}, picked=picked)
        try:
            written = picked.expression
        except Invalid:
            return form  # said when it is kept
        return replace(form, when=written, picked=replace(picked, pick=WRITTEN)) if written else form

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every field as (name, value), to be carried on."""
        return [(name, getattr(self, name)) for name in (*TEXTS, *NUMBERS) if getattr(self, name)]

    @classmethod
    def of(cls, schedule: Schedule) -> ScheduleForm:
        """As it is now."""
        zone = known_zone(schedule.time_zone) or ZoneInfo("UTC")  # one that is known no more is chosen anew
        local = f"{schedule.ends_at.astimezone(zone):%Y-%m-%dT%H:%M}" if schedule.ends_at else ""
        return cls(
            name=schedule.name,
            kind=schedule.processor,
            leave_out=str(_hours(schedule) or ""),
            when=schedule.when,
            time_zone=schedule.time_zone,
            catch_up=schedule.catch_up.value,
            overlap=schedule.overlap.value,
            ends_at=local,
            catch_up_most=str(schedule.catch_up_most),
            grace_minutes=str(schedule.grace_minutes),
            jitter_minutes=str(schedule.jitter_seconds // 60 or ""),
            ends_after=str(schedule.ends_after or ""),
        )

    def schedule_in(self, kept: Mapping[str, Any] | None = None) -> ScheduleIn:
        """As the service takes it; `kept` is what it does now, if it is edited. Raises Invalid for what is no number
        or no date."""
        _ = self.picked.expression
        asked = ScheduleIn(
            name=self.name,
            kind=self.kind,
            params=self._params(kept),
            when=self.when,
            time_zone=self.time_zone,
            catch_up=self.catch_up,
            overlap=self.overlap,
            ends_at=self._end(),
            catch_up_most=self._number("catch_up_most", draft.MOST_CAUGHT_UP) or 1,
            grace_minutes=self._number("grace_minutes", draft.MOST_GRACE_MINUTES),
            jitter_minutes=self._number("jitter_minutes", draft.MOST_JITTER_MINUTES) or 0,
            ends_after=self._number("ends_after", draft.MOST_RUNS),
        )
        return asked if self.catch_up == CatchUp.ALL else replace(asked, catch_up_most=1)

    def _params(self, kept: Mapping[str, Any] | None) -> Mapping[str, Any]:
        known = recurs(draft.kind_of(self.kind))
        if self.source == AS_IT_IS and kept is None:
            raise Invalid.field("source", f"Choose: {known.chooses[0].lower()}{known.chooses[1:]}")
        try:
            params = known.define(self.source) if self.source != AS_IT_IS else kept or {}
        except NotFound as error:
            raise Invalid.field("source", error.detail) from None
        if known.fill is not None:
            params = known.fill(params, {name: getattr(self, name) for name in ASKED}, kept or {})
        if known.narrow is None:
            return params
        return known.narrow(params, inputs.digits(self.leave_out, 720) or 0)

    def _number(self, name: str, most: int) -> int | None:
        return inputs.whole_number(name, getattr(self, name), 0, most)

    def _end(self) -> datetime | None:
        if not self.ends_at:
            return None
        found = inputs.moment(self.ends_at)
        if found is None:
            raise Invalid.field("ends_at", "Enter a date and a time")
        return found


def _hours(schedule: Schedule) -> int:
    audience = schedule.params.open().get("audience") or {}
    found = audience.get("not_messaged_within_hours", 0) if isinstance(audience, Mapping) else 0
    return int(found)


@dataclass(frozen=True, slots=True)
class Explained:
    """What is typed, in words, with its next runs; or why it cannot be."""

    words: str = ""
    zone: str = ""
    runs: tuple[Coming, ...] = ()
    error: str = ""

    @classmethod
    def of(cls, form: ScheduleForm) -> Explained:
        """Of what is typed or chosen; empty for nothing."""
        now, when, zone_name = utcnow(), form.when, form.time_zone
        try:
            _ = form.picked.expression
            if not when:
                return cls()
            zone = times.zone_of(zone_name or "UTC")
            found = times.parse(when, zone, now)
        except Invalid as error:
            return cls(error=error.detail)
        runs = _runs(found, zone, now)
        return cls(found.words, zone_name or "UTC", runs) if runs else cls(error=draft.PAST)


def _runs(when: times.When, zone: ZoneInfo, now: datetime) -> tuple[Coming, ...]:
    return tuple(coming.noted(when, zone, times.next_runs(when, zone, now, coming.SHOWN)))


@dataclass(frozen=True, slots=True)
class KindChoice:
    """What can recur, to begin with."""

    name: str
    what: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePageForm(WebPage):
    """The form. `schedule_id` None: it is a new one, and without a kind it is asked for that first."""

    template: ClassVar[str] = "schedules/edit.html"

    form: ScheduleForm
    schedule_id: uuid.UUID | None
    kinds: Sequence[KindChoice]
    chooses: str
    choices: Sequence[tuple[str, str]]
    nothing_yet: str
    narrows: bool
    asked: Sequence[Asked]
    explained: Explained
    zones: Sequence[str]
    examples: Sequence[tuple[str, str]]
    errors: Mapping[str, str] = field(default_factory=dict)
    grace_help: str = ""

    @classmethod
    def of(
        cls, form: ScheduleForm, schedule: Schedule | None = None, errors: Mapping[str, str] | None = None
    ) -> SchedulePageForm:
        """Never raises for what was typed."""
        kind = recurring().get(form.kind)
        known = recurs(kind) if kind else None
        return cls(
            form=form,
            schedule_id=schedule.id if schedule else None,
            kinds=[KindChoice(name, recurs(each).what, _new(name)) for name, each in recurring().items()],
            chooses=known.chooses if known else "",
            choices=_choices(kind, schedule) if kind else (),
            nothing_yet=known.nothing_yet if known else "",
            narrows=bool(known and known.narrow),
            asked=_asked(known, schedule),
            explained=Explained.of(form),
            zones=ZONES,
            examples=[(each, times.parse(each, ZoneInfo("UTC"), utcnow()).words) for each in EXAMPLES],
            errors=errors or {},
            grace_help=_grace_help(kind),
        )

    @property
    def save_url(self) -> str:
        """Where it is kept."""
        if self.schedule_id is None:
            return url_for("schedules.create_schedule")
        return url_for("schedules.save_schedule", schedule_id=self.schedule_id)

    @property
    def catch_up_choices(self) -> Sequence[tuple[str, str, str]]:
        return CATCH_UP_CHOICES

    @property
    def overlap_choices(self) -> Sequence[tuple[str, str, str]]:
        return OVERLAP_CHOICES

    @property
    def picks(self) -> Sequence[tuple[str, str]]:
        """How a time can be chosen."""
        return picker.CHOICES

    @property
    def weekdays(self) -> Sequence[tuple[str, str]]:
        return picker.DAYS

    @property
    def days_of_month(self) -> Sequence[tuple[str, str]]:
        return picker.DAYS_OF_MONTH

    @property
    def leave_out_choices(self) -> Sequence[tuple[str, str]]:
        """With the number of hours that is kept, if it is none of these."""
        typed = self.form.leave_out
        known = dict(LEAVE_OUT_CHOICES)
        own = () if typed in known else ((typed, f"Those who got a campaign in the last {typed} hours"),)
        return (*LEAVE_OUT_CHOICES, *own)


def _asked(known: Recurring | None, schedule: Schedule | None) -> Sequence[Asked]:
    if known is None or known.asks is None:
        return ()
    return known.asks(schedule.params.open() if schedule is not None else None)


def _new(kind: str) -> str:
    return url_for("schedules.new_schedule", kind=kind)


def _choices(kind: Processor, schedule: Schedule | None) -> Sequence[tuple[str, str]]:
    found = recurs(kind).choices()
    if schedule is not None:
        return [(AS_IT_IS, "What it does now"), *found]
    return [(AS_IT_IS, "Choose one"), *found] if len(found) != 1 else found


def _grace_help(kind: Processor | None) -> str:
    minutes = draft.GRACE_OF_MESSAGES if kind and kind.reach else draft.GRACE_OF_OTHERS
    return f"Minutes. What is later than that waits for your word. Empty is {minutes:,}."


def errors_by_field(error: Invalid) -> dict[str, str]:
    """The service's errors beside the fields of the form: the first of each."""
    found: dict[str, str] = {}
    for each in error.fields:
        found.setdefault(_field(each), _said(each))
    return found


def _said(error: FieldError) -> str:
    """The list above the form has no labels beside it, so the sentence names what it is about."""
    label, is_short = LABELS.get(error.field), error.message.startswith(("should be", "Enter a whole number"))
    return f"“{label}”: {error.message[0].lower()}{error.message[1:]}" if label and is_short else error.message


def _field(error: FieldError) -> str:
    """What a run does is one field here, but for what a kind asks besides."""
    name = error.field.removeprefix("params.")
    return name if name in ASKED or name == error.field != "params" else "source"

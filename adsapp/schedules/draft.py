"""A schedule as it is asked for, before it exists or is changed, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from adsapp.core.clock import utcnow
from adsapp.core.errors import FieldError, Invalid
from adsapp.core.words import sentence
from adsapp.jobs.registry import Processor, Recurring, recurring
from adsapp.outbound.timing import comes_twice
from adsapp.schedules import plan, times
from adsapp.schedules.models import CatchUp, Overlap, Schedule, ScheduleState
from adsapp.schedules.times import When

LONGEST_NAME: Final = 200
MOST_CAUGHT_UP: Final = 100
MOST_GRACE_MINUTES: Final = 7 * 24 * 60
MOST_JITTER_MINUTES: Final = 24 * 60
MOST_RUNS: Final = 100_000
GRACE_OF_MESSAGES: Final = 60  # minutes: nobody wants this morning's offer at night
GRACE_OF_OTHERS: Final = 24 * 60
PAST: Final = "This time is past; choose a later one"

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True)
class ScheduleIn:
    """A schedule as a person or a program asks for it.

    `kind` is a kind of job that can recur and `params` what it takes; `when` as `times` reads it, in `time_zone`.
    `grace_minutes` None: an hour for what messages people, a day for all else. `ends_at` without a zone is a wall clock
    in `time_zone`.
    """

    name: str = ""
    kind: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    when: str = ""
    time_zone: str = "UTC"
    catch_up: str = CatchUp.ONE
    catch_up_most: int = 1
    grace_minutes: int | None = None
    overlap: str = Overlap.SKIP
    jitter_minutes: int = 0
    ends_at: datetime | None = None
    ends_after: int | None = None

    @classmethod
    def of(cls, schedule: Schedule) -> ScheduleIn:
        """As it is now, to be changed."""
        return cls(
            name=schedule.name,
            kind=schedule.processor,
            params=schedule.params.open(),
            when=schedule.when,
            time_zone=schedule.time_zone,
            catch_up=schedule.catch_up,
            catch_up_most=schedule.catch_up_most,
            grace_minutes=schedule.grace_minutes,
            overlap=schedule.overlap,
            jitter_minutes=schedule.jitter_seconds // 60,
            ends_at=schedule.ends_at,
            ends_after=schedule.ends_after,
        )


@dataclass(frozen=True)
class Draft:
    """A schedule with nothing wrong in it."""

    name: str
    kind: Processor
    params: dict[str, Any]
    when: When
    zone: ZoneInfo
    time_zone: str
    anchor_at: datetime
    next_run_at: datetime
    catch_up: CatchUp
    catch_up_most: int
    grace_minutes: int
    overlap: Overlap
    jitter_seconds: int
    ends_at: datetime | None
    ends_after: int | None

    @property
    def columns(self) -> dict[str, Any]:
        """What the schedule keeps of it, but for its params."""
        names = ("name", "time_zone", "anchor_at", "catch_up", "catch_up_most", "grace_minutes", "overlap")
        kept = {name: getattr(self, name) for name in (*names, "jitter_seconds", "ends_at", "ends_after")}
        return {**kept, "processor": self.kind.name, "when": self.when.text}


def check(data: ScheduleIn, *, anchor_at: datetime | None = None, run_count: int = 0) -> Draft:
    """The draft; raises Invalid with everything that is wrong, each beside its field.

    `anchor_at`: from when on every so many minutes are counted, if not from now; `run_count`: how often it ran already.
    """
    anchor = anchor_at or utcnow().replace(second=0, microsecond=0)
    found = _Found()
    found.take("name", lambda: _name(data.name))
    kind = found.take("kind", lambda: kind_of(data.kind))
    if kind is not None:
        found.take("params", lambda: checked_params(kind, data.params))
    zone = found.take("zone", lambda: times.zone_of(data.time_zone))
    found.take("when", lambda: times.parse(data.when, zone or ZoneInfo("UTC"), anchor))
    if zone is not None:
        found.take("ends_at", lambda: end_of(data.ends_at, zone))
    found.take("catch_up", lambda: _word(CatchUp, "catch_up", data.catch_up))
    found.take("overlap", lambda: _word(Overlap, "overlap", data.overlap))
    found.take("catch_up_most", lambda: _number("catch_up_most", data.catch_up_most, 1, MOST_CAUGHT_UP))
    found.take("grace_minutes", lambda: _number("grace_minutes", _grace(data, kind), 0, MOST_GRACE_MINUTES))
    jitter = found.take("jitter", lambda: _number("jitter_minutes", data.jitter_minutes, 0, MOST_JITTER_MINUTES))
    if data.ends_after is not None:
        found.take("ends_after", lambda: _number("ends_after", data.ends_after or 0, 1, MOST_RUNS))
    if not found.errors:
        found.take("next_run_at", lambda: _first_run(found.parts, data, anchor, run_count))
    found.refuse()
    parts = {name: value for name, value in found.parts.items() if name != "jitter"}
    given: dict[str, Any] = {"time_zone": data.time_zone, "anchor_at": anchor, "ends_after": data.ends_after}
    return Draft(**(given | parts), jitter_seconds=60 * (jitter or 0))


@dataclass
class _Found:
    """What was read so far, and what is wrong."""

    parts: dict[str, Any] = field(default_factory=dict)
    errors: list[FieldError] = field(default_factory=list)

    def take(self, name: str, read: Callable[[], Any]) -> Any:
        """What was read; None if it cannot be."""
        try:
            self.parts[name] = read()
        except Invalid as error:
            self.errors += error.fields or [FieldError(name, error.detail)]
        return self.parts.get(name)

    def refuse(self) -> None:
        if self.errors:
            raise Invalid("; ".join(error.message for error in self.errors[:10]), fields=self.errors)


def kind_of(name: str) -> Processor:
    """The kind of job; raises Invalid that lists those that can recur."""
    known = recurring()
    if name not in known:
        wrong = f"There is no {name} that can recur" if name else "Say what is to recur"
        raise Invalid.field("kind", f"{wrong}; there are {', '.join(known)}")
    return known[name]


def recurs(kind: Processor) -> Recurring:
    """How it recurs."""
    assert kind.recurs is not None
    return kind.recurs


def checked_params(kind: Processor, params: Mapping[str, Any]) -> dict[str, Any]:
    """As they are kept; raises Invalid with the place of each mistake, below `params`."""
    try:
        kind.parse(params)
        kept = recurs(kind).check(params)
    except Invalid as error:
        fields = [FieldError(f"params.{each.field}", each.message, each.code, each.what) for each in error.fields]
        raise Invalid(error.detail, fields=fields or [FieldError("params", error.detail)]) from None
    odd = sorted(set(params) - kept.keys())
    if odd:
        raise Invalid.field(f"params.{odd[0]}", f"{odd[0]!r} is not known here; there are {', '.join(kept)}")
    return kept


def end_of(moment: datetime | None, zone: ZoneInfo) -> datetime | None:
    """The end in UTC; raises Invalid for a wall clock that is no moment or two."""
    if moment is None or moment.tzinfo is not None:
        return moment and moment.astimezone(UTC)
    if comes_twice(moment, zone):
        moment = moment.replace(fold=1)  # up to the end of the hour that comes twice
    return moment.replace(tzinfo=zone).astimezone(UTC)


def _name(given: str) -> str:
    name = " ".join(given.split())
    if not name:
        raise Invalid.field("name", "Give the schedule a name")
    if len(name) > LONGEST_NAME:
        raise Invalid.field("name", f"The name has {len(name)} characters; {LONGEST_NAME} are allowed")
    return name


def _word(words: type[Word], name: str, given: str) -> Word:
    try:
        return words(given)
    except ValueError:
        raise Invalid.field(name, f"should be {', '.join(words)}, not {given[:40]}") from None


def _grace(data: ScheduleIn, kind: Processor | None) -> int:
    if data.grace_minutes is not None:
        return data.grace_minutes
    return GRACE_OF_MESSAGES if kind and kind.reach else GRACE_OF_OTHERS


def _number(name: str, given: int, least: int, most: int) -> int:
    if not least <= given <= most:
        raise Invalid.field(name, f"should be a whole number from {least:,} to {most:,}")
    return given


@dataclass(frozen=True)
class _AsDue:
    """A schedule that is not there yet, as `plan` asks for one."""

    when: str
    time_zone: str
    anchor_at: datetime
    next_run_at: datetime | None
    catch_up: CatchUp
    catch_up_most: int
    grace_minutes: int
    ends_at: datetime | None
    ends_after: int | None
    run_count: int


def _first_run(parts: Mapping[str, Any], data: ScheduleIn, anchor: datetime, run_count: int) -> datetime:
    names = ("catch_up", "catch_up_most", "grace_minutes", "ends_at")
    given = {name: parts[name] for name in names}
    due = _AsDue(data.when, data.time_zone, anchor, None, ends_after=data.ends_after, run_count=run_count, **given)
    state, first, reason = plan.after_runs(due, parts["when"], parts["zone"], utcnow(), 0)
    if state is ScheduleState.ACTIVE and first is not None:
        return first
    if reason == plan.END_DATE:
        raise Invalid.field("ends_at", "This is before its first run; choose a later end")
    if reason == plan.TOO_LATE:
        raise Invalid.field("when", PAST)
    field_ = "ends_after" if data.ends_after is not None and run_count >= data.ends_after else "when"
    raise Invalid.field(field_, sentence(reason or plan.NO_MORE))

"""What is asked before a schedule is paused, resumed, run, skipped or deleted."""

from collections.abc import Mapping, Sequence

from flask import url_for

from adsapp.core.web.confirmation import Choice, Confirmation, Crumb, Field, Line, Shown, lines_of
from adsapp.core.words import plural
from adsapp.jobs.console.dialogs import PAUSE_LENGTHS
from adsapp.schedules import presenter
from adsapp.schedules.models import Schedule, ScheduleState

Texts = Mapping[str, str]
NOTHING: Texts = {}


def pause(schedule: Schedule, typed: Texts = NOTHING, errors: Texts = NOTHING) -> Confirmation:
    """Let it start nothing."""
    why = Field(
        "Why",
        "reason",
        value=typed.get("reason", ""),
        error=errors.get("reason"),
        id="pause-reason",
        help="Needed: others see it on this page; it stays in the activity.",
        more={"required": True, "maxlength": 200},
    )
    length = Field(
        "How long", "hours", "select", typed.get("hours", ""), PAUSE_LENGTHS, error=errors.get("hours"),
        id="pause-hours",
    )  # fmt: skip
    until = Field(
        "Or until (if you like)",
        "until",
        value=typed.get("until", ""),
        error=errors.get("until"),
        id="pause-until",
        more={"type": "datetime-local"},
        help=f"By the clock of {schedule.time_zone}. This counts, if both are given.",
    )
    return Confirmation(
        name="ask-pause",
        title=f"Pause “{schedule.name}”?",
        lines=lines_of("It starts nothing until the pause ends; runs of that time are left out.", "What runs goes on."),
        fields=(why, length, until),
        action=_url("pause", schedule),
        choices=(Choice("Pause the schedule", icon="player-pause"),),
        leave="Leave it running",
        back=_here(schedule),
        crumbs=_crumbs(schedule, "Pause"),
    )


def resume(schedule: Schedule) -> Confirmation:
    """Let it go on; of one that is overdue the late runs are left out."""
    is_overdue = schedule.state is ScheduleState.OVERDUE
    what = "The run that is late is left out" if is_overdue else "Runs of the time that it was paused stay left out"
    return Confirmation(
        name="ask-resume",
        title=f"Leave the late run of “{schedule.name}” out?" if is_overdue else f"Resume “{schedule.name}”?",
        lines=lines_of(f"{what}. It goes on with its next time: {_words(schedule)}."),
        action=_url("resume", schedule),
        choices=(Choice("Leave it out and go on" if is_overdue else "Resume the schedule", icon="player-play"),),
        leave="Decide later" if is_overdue else "Leave it paused",
        back=_here(schedule),
        crumbs=_crumbs(schedule, "Resume"),
    )


def skip(schedule: Schedule) -> Confirmation:
    """Leave the next run out."""
    return Confirmation(
        name="ask-skip",
        title=f"Skip the next run of “{schedule.name}”?",
        lines=lines_of(f"{_next(schedule)} nothing happens.", "The run after it comes as usual."),
        action=_url("skip", schedule),
        choices=(Choice("Skip the run", icon="chevron-right"),),
        leave="Let it run",
        back=_here(schedule),
        crumbs=_crumbs(schedule, "Skip next run"),
    )


def run(schedule: Schedule, people: int | None, why_not: str = "") -> Confirmation:
    """Start a run at once; `people` get a message then (None: it messages nobody)."""
    who = "" if people is None else plural(people, "person", "people")
    gets = "gets" if people == 1 else "get"
    counted = (Line(f"{who} {gets} the message as soon as it begins.", "strong"),) if who else ()
    return Confirmation(
        name="ask-run",
        title=f"Message {who} now?" if who else f"Run “{schedule.name}” now?",
        window=f"Run {schedule.name} now",
        lines=(Line(presenter.does(schedule)), *counted, Line(_and_then(schedule), "muted")),
        action=_url("run", schedule),
        choices=(Choice(f"Run it now: {who}" if who else "Run it now", icon="bolt"),),
        back=_here(schedule),
        crumbs=_crumbs(schedule, "Run now"),
        shown=Shown.now(1, people),
        why_not=why_not,
    )


def recurring(schedule: Schedule, people: int, typed: Sequence[tuple[str, str]], *, is_new: bool) -> Confirmation:
    """It is made, or changed, and messages people by itself from then on; `typed` goes along."""
    who = plural(people, "person", "people")
    as_of_now = f"As things are now, each run messages {who}. Whom a run messages is looked up anew when it begins."
    back = url_for("schedules.list_schedules") if is_new else _here(schedule)
    return Confirmation(
        name="ask-recurring",
        title=f"Message {who} again and again?",
        lines=(
            Line(presenter.does(schedule)),
            Line(f"{presenter.in_words(schedule)}, {schedule.time_zone}. {_first(schedule)}", "strong"),
            Line(as_of_now),
        ),
        action=url_for("schedules.create_schedule") if is_new else _url("save_schedule", schedule),
        choices=(Choice(f"Let it message {who}", icon="calendar-time"),),
        leave="Leave it",
        back=back,
        sent_along=typed,
        crumbs=(("Schedules", url_for("schedules.list_schedules")), (schedule.name, None)),
        shown=Shown.now(1, people),
    )


def _first(schedule: Schedule) -> str:
    first = next(iter(presenter.next_runs(schedule, 1)), None)
    return f"First on {first.local:%A, %-d %B %Y at %H:%M}." if first else ""


def _and_then(schedule: Schedule) -> str:
    if schedule.state is ScheduleState.OVERDUE:
        return "This run takes the place of the late ones; then the schedule goes on with its next time."
    if schedule.state is ScheduleState.PAUSED:
        return "It stays paused after this run."
    return "Its next run by the clock comes all the same."


def deletion(schedule: Schedule) -> Confirmation:
    """Delete it?"""
    return Confirmation(
        name="ask-delete",
        title=f"Delete “{schedule.name}”?",
        lines=lines_of(
            "It starts nothing any more, and its history goes with it. This cannot be taken back.",
            "What its runs made stays. A run that has not begun yet is cancelled.",
        ),
        action=_url("delete_schedule", schedule),
        choices=(Choice("Delete the schedule", "danger", "trash"),),
        leave="Keep it",
        back=_here(schedule),
        crumbs=_crumbs(schedule, "Delete"),
    )


def _url(name: str, schedule: Schedule) -> str:
    return url_for(f"schedules.{name}", schedule_id=schedule.id)


def _here(schedule: Schedule) -> str:
    return _url("show_schedule", schedule)


def _words(schedule: Schedule) -> str:
    words = presenter.in_words(schedule)
    return words[0].lower() + words[1:]


def _next(schedule: Schedule) -> str:
    first = next(iter(presenter.next_runs(schedule, 1)), None)
    return f"On {first.local:%A, %-d %B %Y at %H:%M} ({schedule.time_zone})" if first else "At its next time"


def _crumbs(schedule: Schedule, last: str) -> tuple[Crumb, ...]:
    return (("Schedules", url_for("schedules.list_schedules")), (schedule.name, _here(schedule)), (last, None))

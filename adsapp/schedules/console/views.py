"""Pages: what starts by the clock."""

from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import db, inputs
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.web.confirmation import Confirmation, Shown, ask, it_was
from adsapp.core.web.pages import render, render_fragment
from adsapp.jobs.console.forms import end_of_pause
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.schedules import queries, service
from adsapp.schedules.console import dialogs
from adsapp.schedules.console.blueprint import views
from adsapp.schedules.console.form import Explained, ScheduleForm, SchedulePageForm, errors_by_field
from adsapp.schedules.console.list_page import SchedulesPage
from adsapp.schedules.console.show_page import SchedulePage
from adsapp.schedules.draft import end_of
from adsapp.schedules.models import Schedule
from adsapp.schedules.times import zone_of


@views.get("/schedules")
@allow(Permission.SEE)
def list_schedules() -> ResponseReturnValue:
    """All of them, and the week from today on."""
    return render(_list())


@views.get("/schedules/live")
@allow(Permission.SEE)
def list_fragment() -> ResponseReturnValue:
    """The part that asks for itself."""
    return render_fragment(_list())


def _list() -> SchedulesPage:
    return SchedulesPage.of(request.args.get("cursor", ""), request.args.get("zone", ""))


@views.get("/schedules/new")
@allow(Permission.MANAGE, to="make schedules")
def new_schedule() -> ResponseReturnValue:
    """What is to recur, then the form."""
    return render(SchedulePageForm.of(ScheduleForm.read(request.args)))


@views.get("/schedules/explained")
@allow(Permission.MANAGE)
def explained() -> ResponseReturnValue:
    """What is typed, in words and with its next runs."""
    found = Explained.of(ScheduleForm.read(request.args))
    return render_template("schedules/_explained.html", explained=found)


@views.post("/schedules")
@allow(Permission.MANAGE, to="make schedules")
def create_schedule() -> ResponseReturnValue:
    """Make it; the form again with what is wrong."""
    form = ScheduleForm.read(request.form)
    try:
        schedule = service.create_schedule(form.schedule_in(), current_actor().by())
    except Invalid as error:
        return render(SchedulePageForm.of(form, None, errors_by_field(error))), error.status
    return _asked_whom(schedule, form) or _done(schedule, f"“{schedule.name}” is made")


@views.get("/schedules/<schedule_id>")
@allow(Permission.SEE)
def show_schedule(schedule_id: str) -> ResponseReturnValue:
    """One schedule."""
    return render(_page(schedule_id))


@views.get("/schedules/<schedule_id>/live")
@allow(Permission.SEE)
def schedule_fragment(schedule_id: str) -> ResponseReturnValue:
    """The part that asks for itself."""
    return render_fragment(_page(schedule_id))


def _page(schedule_id: str) -> SchedulePage:
    return SchedulePage.of(queries.get_schedule(schedule_id), current_actor(), request.args.get("cursor", ""))


@views.get("/schedules/<schedule_id>/edit")
@allow(Permission.MANAGE, to="change schedules")
def edit_schedule(schedule_id: str) -> ResponseReturnValue:
    """The form with all that it has."""
    schedule = queries.get_schedule(schedule_id)
    return render(SchedulePageForm.of(ScheduleForm.of(schedule), schedule))


@views.post("/schedules/<schedule_id>")
@allow(Permission.MANAGE, to="change schedules")
def save_schedule(schedule_id: str) -> ResponseReturnValue:
    """Keep the changes; the form again with what is wrong."""
    schedule, form = queries.get_schedule(schedule_id), ScheduleForm.read(request.form)
    before = (schedule.when, schedule.params.open())
    try:
        service.change_schedule(schedule, form.schedule_in(schedule.params.open()), current_actor().by())
    except Invalid as error:
        return render(SchedulePageForm.of(form, schedule, errors_by_field(error))), error.status
    is_as_before = before == (schedule.when, schedule.params.open())
    asked = None if is_as_before else _asked_whom(schedule, form, is_new=False)
    return asked or _done(schedule, f"“{schedule.name}” is saved")


def _asked_whom(schedule: Schedule, form: ScheduleForm, *, is_new: bool = True) -> ResponseReturnValue | None:
    """Of one that messages people, the question with their number, unless that was confirmed. Then nothing is kept."""
    people = service.reach(schedule)
    if people is None:
        return None
    question = _to_confirm(dialogs.recurring(schedule, people, form.pairs, is_new=is_new), people)
    if question is not None:
        db.session.rollback()
    return question


@views.get("/schedules/<schedule_id>/pause")
@allow(Permission.MANAGE, to="pause schedules")
def ask_to_pause(schedule_id: str) -> ResponseReturnValue:
    """Why, and for how long."""
    return ask(dialogs.pause(queries.get_schedule(schedule_id)))


@views.post("/schedules/<schedule_id>/pause")
@allow(Permission.MANAGE, to="pause schedules")
def pause(schedule_id: str) -> ResponseReturnValue:
    """Let it start nothing."""
    schedule, form = queries.get_schedule(schedule_id), request.form
    try:
        until = _end_of_pause(schedule, form.get("hours", ""), form.get("until", "").strip())
        service.pause(schedule, current_actor().by(form.get("reason", "")[:200]), until)
    except Invalid as error:
        return render(dialogs.pause(schedule, form, error.field_messages)), error.status
    return _done(schedule, f"“{schedule.name}” is paused; what runs goes on")


def _end_of_pause(schedule: Schedule, hours: str, until: str) -> datetime | None:
    """By the clock of the schedule, if a moment is given; else after some hours, or when somebody ends it."""
    if not until:
        return end_of_pause(hours)
    found = inputs.moment(until)
    if found is None:
        raise Invalid.field("until", "Enter a date and a time")
    return end_of(found, zone_of(schedule.time_zone))


@views.get("/schedules/<schedule_id>/resume")
@allow(Permission.MANAGE, to="resume schedules")
def ask_to_resume(schedule_id: str) -> ResponseReturnValue:
    """What that means."""
    return ask(dialogs.resume(queries.get_schedule(schedule_id)))


@views.post("/schedules/<schedule_id>/resume")
@allow(Permission.MANAGE, to="resume schedules")
def resume(schedule_id: str) -> ResponseReturnValue:
    """Let it go on with its next run."""
    schedule = queries.get_schedule(schedule_id)
    service.resume(schedule, current_actor().by())
    return _done(schedule, f"“{schedule.name}” goes on")


@views.get("/schedules/<schedule_id>/skip")
@allow(Permission.MANAGE, to="skip runs of schedules")
def ask_to_skip(schedule_id: str) -> ResponseReturnValue:
    """Which run that is."""
    return ask(dialogs.skip(queries.get_schedule(schedule_id)))


@views.post("/schedules/<schedule_id>/skip")
@allow(Permission.MANAGE, to="skip runs of schedules")
def skip(schedule_id: str) -> ResponseReturnValue:
    """Leave its next run out."""
    schedule = queries.get_schedule(schedule_id)
    service.skip_next(schedule, current_actor().by())
    return _done(schedule, f"The next run of “{schedule.name}” is skipped")


@views.get("/schedules/<schedule_id>/run")
@allow(Permission.MANAGE, to="run schedules")
def ask_to_run(schedule_id: str) -> ResponseReturnValue:
    """What a run does, and how many people it messages."""
    schedule = queries.get_schedule(schedule_id)
    return ask(dialogs.run(schedule, service.reach(schedule), service.why_not_now(schedule)))


@views.post("/schedules/<schedule_id>/run")
@allow(Permission.MANAGE, to="run schedules")
def run(schedule_id: str) -> ResponseReturnValue:
    """Start a run at once; if it messages people, once their exact number was confirmed."""
    schedule = queries.get_schedule(schedule_id)
    people = service.reach(schedule)
    if people is not None and (question := _to_confirm(dialogs.run(schedule, people), people)) is not None:
        return question
    service.run_now(schedule, current_actor().by(), people=people)
    return _done(schedule, f"“{schedule.name}” runs now; below is what comes of it")


def _to_confirm(question: Confirmation, people: int) -> ResponseReturnValue | None:
    """The question, unless just that many were confirmed."""
    shown = Shown.read(request.form)
    if shown.people == str(people):
        return None
    if not shown.people:
        return ask(question)
    return ask(question.asked_again(it_was(shown.people, f"{people:,}", "people"))), Conflict.status


@views.get("/schedules/<schedule_id>/deletion")
@allow(Permission.MANAGE, to="delete schedules")
def ask_to_delete(schedule_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.deletion(queries.get_schedule(schedule_id)))


@views.post("/schedules/<schedule_id>/deletion")
@allow(Permission.MANAGE, to="delete schedules")
def delete_schedule(schedule_id: str) -> ResponseReturnValue:
    """Delete it."""
    schedule = queries.get_schedule(schedule_id)
    name = schedule.name
    service.delete_schedule(schedule, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is deleted", "good")
    return redirect(url_for("schedules.list_schedules"), 303)


def _done(schedule: Schedule, said: str) -> ResponseReturnValue:
    target = url_for("schedules.show_schedule", schedule_id=schedule.id)
    db.session.commit()
    flash(said, "good")
    return redirect(target, 303)

"""Pages: what is open, what was, the rules, the channels, what was told; and the bell at the head of every page."""

from datetime import timedelta
from typing import Final

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from adsapp.alerts import queries, service
from adsapp.alerts.channels.mail import LOGGED
from adsapp.alerts.channels.message import NotTold, Told
from adsapp.alerts.console import alert_pages, channel_pages, dialogs, rule_pages
from adsapp.alerts.console.forms import ChannelForm, RuleForm
from adsapp.alerts.models import AlertChannel, AlertIncident, ChannelKind
from adsapp.alerts.queries import Unread
from adsapp.alerts.trial import try_rule
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, Forbidden, Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import digits, own_path
from adsapp.core.web.confirmation import ask
from adsapp.core.web.pages import render, render_fragment
from adsapp.organizations import queries as organizations
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission

views = Blueprint("alerts", __name__)

PER_PAGE: Final = 25
DO_ALERTS: Final = "take alerts on or put them off"
DO_RULES: Final = "change the rules of alerts"
DO_CHANNELS: Final = "change the channels of alerts"
MOST_HOURS: Final = 24 * 30


@views.get("/alerts")
@allow(Permission.SEE)
def list_alerts() -> ResponseReturnValue:
    """What is open now. Who looks has seen it."""
    user_id = current_actor().user_id
    if user_id is not None and queries.bell(user_id).unread:
        service.mark_seen(user_id)
    return render(alert_pages.AlertsPage.of())


@views.get("/alerts/open")
@allow(Permission.SEE)
def open_fragment() -> ResponseReturnValue:
    """The same, polled."""
    return render_fragment(alert_pages.AlertsPage.of())


@views.get("/alerts/bell")
@allow(Permission.SEE)
def bell_fragment() -> ResponseReturnValue:
    """The bell, asked for once a minute; 204 while it shows the same."""
    now = bell()
    if now is None or request.args.get("shown") == bell_key(now):
        return make_response("", 204)
    return render_template("alerts/_bell.html", bell=now)


def bell() -> Unread | None:
    """What the bell of whoever asks shows; None if that cannot be known just now."""
    try:
        return queries.bell(current_actor().user_id)
    except SQLAlchemyError:  # the page says what is wrong; the bell need not
        return None


def bell_key(unread: Unread) -> str:
    """A short token of what it shows."""
    return f"{unread.open}-{unread.unread}-{int(unread.is_critical)}"


@views.get("/alerts/history")
@allow(Permission.SEE)
def list_history() -> ResponseReturnValue:
    """All alerts, newest first."""
    cursor = request.args.get("cursor", "")
    return render(alert_pages.HistoryPage.of(queries.list_incidents(cursor, PER_PAGE), cursor))


@views.get("/alerts/told")
@allow(Permission.SEE)
def list_deliveries() -> ResponseReturnValue:
    """What was told, newest first."""
    cursor = request.args.get("cursor", "")
    return render(alert_pages.DeliveriesPage.of(queries.list_deliveries(None, cursor, PER_PAGE), cursor))


@views.post("/alerts/told/<delivery_id>/replays")
@allow(Permission.MANAGE, to="tell an alert again")
def replay(delivery_id: str) -> ResponseReturnValue:
    """Tell the same once more."""
    wanted = parse_id(delivery_id)
    if wanted is None:
        raise NotFound("There is no such delivery")
    service.replay(queries.get_delivery(wanted), current_actor().by())
    db.session.commit()
    flash("It is told once more", "good")
    return redirect(url_for("alerts.list_deliveries"), 303)


@views.get("/alerts/<incident_id>")
@allow(Permission.SEE)
def show_alert(incident_id: str) -> ResponseReturnValue:
    """One alert."""
    return render(alert_pages.AlertPage.of(_incident(incident_id)))


@views.get("/alerts/<incident_id>/acknowledgement")
@allow(Permission.MANAGE, to=DO_ALERTS)
def ask_to_acknowledge(incident_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.acknowledgement(_incident(incident_id)))


@views.post("/alerts/<incident_id>/acknowledgement")
@allow(Permission.MANAGE, to=DO_ALERTS)
def acknowledge(incident_id: str) -> ResponseReturnValue:
    """Take it on."""
    service.acknowledge(_incident(incident_id), current_actor().by(request.form.get("reason", "")[:200]))
    return _done("You look after it; nobody is told again")


@views.get("/alerts/<incident_id>/snooze")
@allow(Permission.MANAGE, to=DO_ALERTS)
def ask_to_snooze(incident_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.snooze(_incident(incident_id)))


@views.post("/alerts/<incident_id>/snooze")
@allow(Permission.MANAGE, to=DO_ALERTS)
def snooze(incident_id: str) -> ResponseReturnValue:
    """Put it off."""
    hours = digits(request.form.get("hours", ""), MOST_HOURS)
    if not hours:
        raise Invalid.field("hours", "Choose for how long")
    service.snooze(_incident(incident_id), utcnow() + timedelta(hours=hours), current_actor().by())
    return _done("It is put off")


@views.post("/alerts/<incident_id>/acknowledgement/end")
@allow(Permission.MANAGE, to=DO_ALERTS)
def give_back(incident_id: str) -> ResponseReturnValue:
    """Look after it no more."""
    service.give_back(_incident(incident_id), current_actor().by())
    return _done("Nobody looks after it now; it is told of as before")


@views.post("/alerts/<incident_id>/snooze/end")
@allow(Permission.MANAGE, to=DO_ALERTS)
def wake(incident_id: str) -> ResponseReturnValue:
    """Put it off no more."""
    service.wake(_incident(incident_id), current_actor().by())
    return _done("It is put off no more; it is told of as before")


def _done(said: str) -> ResponseReturnValue:
    db.session.commit()
    flash(said, "good")
    return redirect(own_path(request.form.get("back", "")) or url_for("alerts.list_alerts"), 303)


def _incident(incident_id: str) -> AlertIncident:
    wanted = parse_id(incident_id)
    if wanted is None:
        raise NotFound("There is no such alert")
    return queries.get_incident(wanted)


# --- rules ------------------------------------------------------------------------------------------------------------


@views.get("/alerts/rules")
@allow(Permission.SEE)
def list_rules() -> ResponseReturnValue:
    """All rules."""
    return render(rule_pages.RulesPage.of())


@views.get("/alerts/rules/<kind>")
@allow(Permission.MANAGE, to=DO_RULES)
def show_rule(kind: str) -> ResponseReturnValue:
    """One rule, and how it is set."""
    rule = queries.get_rule(kind)
    return render(rule_pages.RulePage.of(rule, RuleForm.of(queries.conditions_of(rule))))


@views.post("/alerts/rules/<kind>")
@allow(Permission.MANAGE, to=DO_RULES)
def save_rule(kind: str) -> ResponseReturnValue:
    """Set it."""
    rule, form = queries.get_rule(kind), RuleForm.typed(request.form)
    try:
        service.save_rule(rule, form.conditions(rule, queries.conditions_of(rule)), current_actor().by())
    except Invalid as problem:
        db.session.rollback()
        return render(rule_pages.RulePage.of(rule, form)), problem.status
    db.session.commit()
    flash(f"“{rule.title}” is saved", "good")
    return redirect(url_for("alerts.list_rules"), 303)


@views.post("/alerts/rules/<kind>/trials")
@allow(Permission.MANAGE, to=DO_RULES)
def try_out(kind: str) -> ResponseReturnValue:
    """What it would have said as it is typed; nothing is saved."""
    rule, form = queries.get_rule(kind), RuleForm.typed(request.form)
    try:
        conditions = form.conditions(rule, queries.conditions_of(rule))
    except Invalid as problem:
        return render(rule_pages.RulePage.of(rule, form)), problem.status
    return render(rule_pages.RulePage.of(rule, form, try_rule(rule, conditions, utcnow())))


@views.get("/alerts/rules/<kind>/reset")
@allow(Permission.MANAGE, to=DO_RULES)
def ask_to_reset(kind: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.reset(queries.get_rule(kind)))


@views.post("/alerts/rules/<kind>/reset")
@allow(Permission.MANAGE, to=DO_RULES)
def reset_rule(kind: str) -> ResponseReturnValue:
    """As it is from the start."""
    rule = queries.get_rule(kind)
    service.reset_rule(rule, current_actor().by())
    db.session.commit()
    flash(f"“{rule.title}” is as it is from the start", "good")
    return redirect(url_for("alerts.list_rules"), 303)


# --- channels ---------------------------------------------------------------------------------------------------------


@views.get("/alerts/channels")
@allow(Permission.SEE)
def list_channels() -> ResponseReturnValue:
    """Where alerts go."""
    return render(channel_pages.ChannelsPage.of())


@views.get("/alerts/channels/new")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def new_channel() -> ResponseReturnValue:
    """The form of a channel."""
    return render(channel_pages.ChannelPage.new(ChannelForm.empty(_kind(request.args.get("kind", "")))))


@views.post("/alerts/channels")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def add_channel() -> ResponseReturnValue:
    """Add it."""
    form = ChannelForm.typed(request.form, _kind(request.form.get("kind", "")))
    try:
        channel = service.add_channel(form.new(), current_actor().by())
    except (Conflict, Invalid) as problem:
        _refuse(form, problem)
        return render(channel_pages.ChannelPage.new(form)), problem.status
    db.session.commit()
    flash(f"“{channel.name}” is added; send it a test", "good")
    return redirect(url_for("alerts.show_channel", channel_id=channel.id), 303)


@views.get("/alerts/channels/<channel_id>")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def show_channel(channel_id: str) -> ResponseReturnValue:
    """One channel."""
    channel = _channel(channel_id)
    return render(channel_pages.ChannelPage.of(channel, ChannelForm.of(channel)))


@views.post("/alerts/channels/<channel_id>")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def change_channel(channel_id: str) -> ResponseReturnValue:
    """Change it."""
    channel = _channel(channel_id)
    form = ChannelForm.typed(request.form, channel.kind)
    try:
        service.change_channel(channel, form.changes(), current_actor().by())
    except (Conflict, Invalid) as problem:
        _refuse(form, problem)
        return render(channel_pages.ChannelPage.of(_channel(channel_id), form)), problem.status
    db.session.commit()
    flash("Saved", "good")
    return redirect(url_for("alerts.show_channel", channel_id=channel_id), 303)


@views.post("/alerts/channels/<channel_id>/tests")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def test_channel(channel_id: str) -> ResponseReturnValue:
    """Send a test, and say what came of it."""
    outcome = service.try_channel(_channel(channel_id), current_actor().by())
    db.session.commit()
    _say(outcome)
    return redirect(url_for("alerts.show_channel", channel_id=channel_id), 303)


@views.post("/alerts/channels/email/tests")
@allow(Permission.SEE)
def test_email() -> ResponseReturnValue:
    """Send a test to whoever asks."""
    actor = current_actor()
    member = organizations.get_membership(db.require_organization_id(), actor.user_id) if actor.user_id else None
    if member is None:
        raise Forbidden("A token gets no mail. Sign in as a person to try it.")
    outcome = service.try_email(member, actor.by())
    db.session.commit()
    _say(outcome)
    return redirect(url_for("alerts.list_channels"), 303)


@views.get("/alerts/channels/<channel_id>/removal")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def ask_to_remove_channel(channel_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(dialogs.removal(_channel(channel_id)))


@views.post("/alerts/channels/<channel_id>/removal")
@allow(Permission.ADMINISTER, to=DO_CHANNELS)
def remove_channel(channel_id: str) -> ResponseReturnValue:
    """Forget it."""
    channel = _channel(channel_id)
    name = channel.name
    service.remove_channel(channel, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is removed", "good")
    return redirect(url_for("alerts.list_channels"), 303)


def _say(outcome: Told | NotTold) -> None:
    if isinstance(outcome, Told) and outcome.code == LOGGED:
        flash(outcome.answer, "warning")
    elif isinstance(outcome, Told):
        flash(f"The test was taken. {outcome.answer}", "good")
    else:
        flash(f"The test was not taken. {outcome.message}", "bad")


def _refuse(form: ChannelForm, problem: Conflict | Invalid) -> None:
    db.session.rollback()
    if isinstance(problem, Conflict):
        form.errors["name"] = problem.detail
    else:
        form.refuse(problem)


def _kind(text: str) -> ChannelKind:
    return next((kind for kind in ChannelKind if kind == text), ChannelKind.SLACK)


def _channel(channel_id: str) -> AlertChannel:
    wanted = parse_id(channel_id)
    if wanted is None:
        raise NotFound("There is no such channel; it may have been removed")
    return queries.get_channel(wanted)

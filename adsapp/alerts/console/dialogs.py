"""What is asked before something is done to an alert, a rule or a channel."""

from typing import Final

from adsapp.alerts.models import AlertChannel, AlertIncident
from adsapp.alerts.rules import Rule
from adsapp.core.web.confirmation import Choice, Confirmation, Field, Line, lines_of, reason_field
from adsapp.core.web.urls import url_for

# How long: hours, words.
SNOOZES: Final = ((1, "1 hour"), (4, "4 hours"), (24, "1 day"), (72, "3 days"), (168, "1 week"))
HOURS: Final = Field("For how long", "hours", kind="select", value="4", options=[(str(h), text) for h, text in SNOOZES])


def acknowledgement(incident: AlertIncident, here: str = "") -> Confirmation:
    """Take it on? `here`: the page to come back to, if it is not the list."""
    return Confirmation(
        name=f"ask-acknowledge-{incident.id}",
        title="Take this alert on?",
        lines=(
            Line(incident.title, "strong"),
            *lines_of(
                "Others see that you look after it, and nobody is told of it again.",
                "When it is over, that is still told.",
            ),
        ),
        fields=(reason_field("Others read it with the alert; it stays in the activity."),),
        action=url_for("alerts.acknowledge", incident_id=str(incident.id)),
        choices=(Choice("Take it on", icon="check"),),
        sent_along=_back(here),
        back=url_for("alerts.list_alerts"),
        crumbs=(("Alerts", url_for("alerts.list_alerts")), ("Take it on", None)),
    )


def snooze(incident: AlertIncident, here: str = "") -> Confirmation:
    """Put it off? `here`: likewise."""
    return Confirmation(
        name=f"ask-snooze-{incident.id}",
        title="Put this alert off?",
        lines=(
            Line(incident.title, "strong"),
            *lines_of(
                "Nobody is told of it until then. If it is still so, it is told anew.",
                "If it ends before, that is told.",
            ),
        ),
        fields=(HOURS,),
        action=url_for("alerts.snooze", incident_id=str(incident.id)),
        choices=(Choice("Put it off", icon="clock"),),
        sent_along=_back(here),
        back=url_for("alerts.list_alerts"),
        crumbs=(("Alerts", url_for("alerts.list_alerts")), ("Put off", None)),
    )


def _back(here: str) -> tuple[tuple[str, str], ...]:
    return (("back", here),) if here else ()


def reset(rule: Rule) -> Confirmation:
    """As it was from the start?"""
    here = url_for("alerts.show_rule", kind=rule.kind)
    return Confirmation(
        name="ask-reset",
        title="Set this rule back?",
        lines=lines_of(f"“{rule.title}” is then as it is from the start, for all members.", "What it found is kept."),
        action=url_for("alerts.reset_rule", kind=rule.kind),
        choices=(Choice("Set the rule back", icon="arrow-back-up"),),
        back=here,
        crumbs=(("Alerts", url_for("alerts.list_alerts")), (rule.title, here), ("Set back", None)),
    )


def removal(channel: AlertChannel) -> Confirmation:
    """Forget it?"""
    here = url_for("alerts.show_channel", channel_id=str(channel.id))
    return Confirmation(
        name="ask-remove",
        title=f"Remove “{channel.name}”?",
        lines=lines_of(
            "Its address is forgotten here and nothing more is told by it. Rules that named it name it no more.",
            "What was told stays in the log.",
        ),
        action=url_for("alerts.remove_channel", channel_id=str(channel.id)),
        choices=(Choice("Remove the channel", "danger", "trash"),),
        leave="Keep it",
        back=here,
        crumbs=(("Alerts", url_for("alerts.list_channels")), (channel.name, here), ("Remove", None)),
    )

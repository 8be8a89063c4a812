"""What is open, what was, and what was told, as their templates read it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from adsapp.alerts import queries
from adsapp.alerts.channels.mail import LOGGED
from adsapp.alerts.console import dialogs
from adsapp.alerts.console.channel_lines import failing, lines_of_all
from adsapp.alerts.models import AlertDelivery, AlertIncident
from adsapp.alerts.rules import RULES
from adsapp.alerts.words import NOTED, PILLS, SEVERITIES, STATES, TOLD
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage, WebPage
from adsapp.core.web.urls import url_for

VIEWS: Final = (
    ("Open now", "alerts.list_alerts"),
    ("All alerts", "alerts.list_history"),
    ("Rules", "alerts.list_rules"),
    ("Channels", "alerts.list_channels"),
    ("What was told", "alerts.list_deliveries"),
)


def tabs_for(endpoint: str) -> list[dict[str, Any]]:
    """The views of alerts, this one marked."""
    return [{"label": label, "url": url_for(name), "active": name == endpoint} for label, name in VIEWS]


@dataclass(frozen=True, slots=True)
class Thing:
    """One of several things that an alert is about."""

    title: str
    text: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An alert in a list."""

    id: str
    rule: str
    rule_url: str
    icon: str
    kind: str  # of the mark: warning or bad
    severity: str
    title: str
    text: str
    action: str
    url: str
    since: datetime
    resolved_at: datetime | None
    resolved_because: str
    count: int
    peak: int
    times: int
    things: tuple[Thing, ...]
    acknowledged_by: str
    acknowledged_at: datetime | None
    note: str
    snoozed_until: datetime | None
    is_told: bool

    @classmethod
    def of(cls, incident: AlertIncident, now: datetime) -> "Row":
        rule = RULES.get(incident.kind)
        return cls(
            id=str(incident.id),
            rule=rule.title if rule else incident.kind,
            rule_url=url_for("alerts.show_rule", kind=incident.kind) if rule else "",
            icon=rule.icon if rule else "bell",
            kind=PILLS[incident.severity],
            severity=SEVERITIES[incident.severity],
            title=incident.title,
            text=incident.text,
            action=incident.action,
            url=incident.url,
            since=incident.since,
            resolved_at=incident.resolved_at,
            resolved_because=incident.resolved_because,
            count=incident.count,
            peak=incident.peak,
            times=incident.times,
            things=tuple(Thing(each["title"], each["text"], each["url"]) for each in incident.things),
            acknowledged_by=incident.acknowledged_by,
            acknowledged_at=incident.acknowledged_at,
            note=incident.note,
            snoozed_until=incident.snoozed_until if incident.is_snoozed(now) else None,
            is_told=incident.told is not None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsPage(LivePage):
    """What is open now."""

    template: ClassVar[str] = "alerts/list.html"
    fragment: ClassVar[str] = "alerts/_open.html"

    as_of: datetime = field(compare=False)
    rows: tuple[Row, ...]  # those that the bell counts
    taken_on: tuple[Row, ...]
    rules_on: int
    rules: int
    failing: tuple[str, ...]  # channels that did not take what was told last

    @classmethod
    def of(cls) -> "AlertsPage":
        now = utcnow()
        settings = queries.conditions()
        rows = [Row.of(incident, now) for incident in queries.list_open()]
        return cls(
            as_of=now,
            rows=tuple(row for row in rows if row.acknowledged_at is None),
            taken_on=tuple(row for row in rows if row.acknowledged_at is not None),
            rules_on=sum(each.is_on for each in settings.values()),
            rules=len(settings),
            failing=failing(lines_of_all()),
        )

    @property
    def live_url(self) -> str:
        return url_for("alerts.open_fragment", version=self.version)

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_alerts")


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage(WebPage):
    """All alerts, newest first."""

    template: ClassVar[str] = "alerts/history.html"

    rows: Sequence[Row]
    next_url: str | None
    first_url: str | None

    @classmethod
    def of(cls, found: Page[AlertIncident], cursor: str) -> "HistoryPage":
        now, here = utcnow(), "alerts.list_history"
        return cls(
            rows=[Row.of(each, now) for each in found.items],
            next_url=url_for(here, cursor=found.next) if found.next else None,
            first_url=url_for(here) if cursor else None,
        )

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_history")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """Something that was told."""

    id: str
    at: datetime
    what: str
    title: str
    alert_url: str | None
    channel: str
    kind: str
    word: str
    icon: str
    answer: str
    attempts: int
    next_at: datetime | None
    is_replay: bool
    can_replay: bool

    @classmethod
    def of(cls, delivery: AlertDelivery) -> "DeliveryRow":
        kind, word, icon = NOTED if delivery.code == LOGGED else STATES[delivery.state]
        incident = delivery.incident_id
        return cls(
            id=str(delivery.id),
            at=delivery.created_at,
            what=TOLD[delivery.what],
            title=delivery.body.get("title", ""),
            alert_url=url_for("alerts.show_alert", incident_id=str(incident)) if incident else None,
            channel=delivery.channel_name,
            kind=kind,
            word=word,
            icon=icon,
            answer=delivery.answer,
            attempts=delivery.attempts,
            next_at=delivery.next_at,
            is_replay=delivery.replay_of is not None,
            can_replay=delivery.state.is_final,
        )


@dataclass(frozen=True, slots=True)
class Step:
    """Something that happened to an alert; `kind` is that of `ui.timeline`."""

    kind: str
    title: str
    at: datetime
    text: str = ""


def course_of(incident: AlertIncident) -> tuple[Step, ...]:
    """What happened to it, the oldest first."""
    steps, kind = [Step("", "It began", incident.since)], PILLS[incident.severity]
    if incident.opened_at == incident.seen_at:
        steps.append(Step(kind, "A rule found it, and the bell shows it", incident.seen_at))
    else:
        steps.append(Step("", "A rule found it", incident.seen_at))
        if incident.opened_at:
            steps.append(Step(kind, "It was so for long enough: the bell shows it", incident.opened_at))
    if incident.acknowledged_at:
        steps.append(Step("now", f"{incident.acknowledged_by} took it on", incident.acknowledged_at, incident.note))
    if incident.resolved_at:
        steps.append(Step("good", "It is over", incident.resolved_at, incident.resolved_because))
    return tuple(sorted(steps, key=lambda step: step.at))


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage(WebPage):
    """One alert: what, since when, how many, why, its course, and who was told."""

    template: ClassVar[str] = "alerts/show.html"

    row: Row
    here: str  # its own address
    course: Sequence[Step]
    deliveries: Sequence[DeliveryRow]
    confirmations: Sequence[Confirmation]

    @classmethod
    def of(cls, incident: AlertIncident) -> "AlertPage":
        is_open, here = incident.resolved_at is None, url_for("alerts.show_alert", incident_id=str(incident.id))
        return cls(
            row=Row.of(incident, utcnow()),
            here=here,
            course=course_of(incident),
            deliveries=[DeliveryRow.of(each) for each in queries.list_deliveries(incident.id).items],
            confirmations=(dialogs.acknowledgement(incident, here), dialogs.snooze(incident, here)) if is_open else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveriesPage(WebPage):
    """What was told, newest first."""

    template: ClassVar[str] = "alerts/deliveries.html"

    rows: Sequence[DeliveryRow]
    next_url: str | None
    first_url: str | None

    @classmethod
    def of(cls, found: Page[AlertDelivery], cursor: str) -> "DeliveriesPage":
        here = "alerts.list_deliveries"
        return cls(
            rows=[DeliveryRow.of(each) for each in found.items],
            next_url=url_for(here, cursor=found.next) if found.next else None,
            first_url=url_for(here) if cursor else None,
        )

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_deliveries")

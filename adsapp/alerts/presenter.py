"""The pages of alerts as their templates read them."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Final

from adsapp.alerts import dialogs, queries, telling
from adsapp.alerts.channels.mail import LOGGED
from adsapp.alerts.forms import ChannelForm, RuleForm, labels_of
from adsapp.alerts.models import EMAIL, AlertChannel, AlertDelivery, AlertIncident, ChannelKind, Severity
from adsapp.alerts.queries import Standing
from adsapp.alerts.rules import RULES, Conditions, Rule
from adsapp.alerts.trial import Trial
from adsapp.alerts.words import KINDS, NOTED, SEVERITIES, STATES, TOLD
from adsapp.core.clock import utcnow
from adsapp.core.pagination import Page
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import LivePage, WebPage
from adsapp.core.web.urls import url_for
from adsapp.core.words import plural, span

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
            kind="bad" if incident.severity is Severity.CRITICAL else "warning",
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
            failing=_failing(_lines()),
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


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPage(WebPage):
    """One alert: what, since when, how many, why, and who was told."""

    template: ClassVar[str] = "alerts/show.html"

    row: Row
    deliveries: Sequence[DeliveryRow]
    confirmations: Sequence[Confirmation]

    @classmethod
    def of(cls, incident: AlertIncident) -> "AlertPage":
        is_open = incident.resolved_at is None
        return cls(
            row=Row.of(incident, utcnow()),
            deliveries=[DeliveryRow.of(each) for each in queries.list_deliveries(incident.id).items],
            confirmations=(dialogs.acknowledgement(incident), dialogs.snooze(incident)) if is_open else (),
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


# --- rules ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A rule in the list."""

    kind: str
    title: str
    text: str
    icon: str
    is_on: bool
    is_changed: bool
    severity: str
    severity_kind: str
    says: str  # from which value on
    channels: str
    failing: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage(WebPage):
    """All rules."""

    template: ClassVar[str] = "alerts/rules.html"

    rows: Sequence[RuleRow]

    @classmethod
    def of(cls) -> "RulesPage":
        settings, changed, lines = queries.conditions(), queries.changed_kinds(), _lines()
        return cls(rows=[_rule_row(RULES[kind], settings[kind], kind in changed, lines) for kind in RULES])

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_rules")


def _rule_row(rule: Rule, conditions: Conditions, is_changed: bool, lines: Sequence["ChannelLine"]) -> RuleRow:
    mine = [line for line in lines if conditions.channels is None or line.key in conditions.channels]
    return RuleRow(
        kind=rule.kind,
        title=rule.title,
        text=rule.text,
        icon=rule.icon,
        is_on=conditions.is_on,
        is_changed=is_changed,
        severity=SEVERITIES[conditions.severity],
        severity_kind="bad" if conditions.severity is Severity.CRITICAL else "warning",
        says=said(rule, conditions),
        channels="All channels"
        if conditions.channels is None
        else ", ".join(line.name for line in mine) or "the bell alone",
        failing=_silent(mine),
    )


def said(rule: Rule, conditions: Conditions) -> str:
    """From which value on it speaks, in words."""
    if rule.measure is None:
        after = f" for {span(conditions.for_minutes)}" if conditions.for_minutes else ""
        until = f", until {span(conditions.window_minutes)} later" if rule.has_window else ""
        return f"{'When' if after else 'As soon as'} it is so{after}{until}"
    parts = [f"{'At most' if rule.measure.less_is_worse else 'At least'} {rule.measure.of(conditions.threshold)}"]
    if rule.has_window:
        parts.append(f"within {span(conditions.window_minutes)}")
    if conditions.for_minutes:
        parts.append(f"for {span(conditions.for_minutes)}")
    return " ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage(WebPage):
    """One rule: how it is set, and what it would have said."""

    template: ClassVar[str] = "alerts/rule.html"

    rule: Rule
    form: RuleForm
    is_changed: bool
    changed_by: str
    changed_at: datetime | None
    channels: Sequence["ChannelLine"]
    trial: Trial | None
    usual: str
    reset: Confirmation

    @classmethod
    def of(cls, rule: Rule, form: RuleForm, trial: Trial | None = None) -> "RulePage":
        row = queries.find_changed(rule)
        return cls(
            rule=rule,
            form=form,
            is_changed=row is not None,
            changed_by=row.changed_by if row else "",
            changed_at=row.changed_at if row else None,
            channels=_lines(),
            trial=trial,
            usual=said(rule, rule.usual),
            reset=dialogs.reset(rule),
        )

    @property
    def labels(self) -> Mapping[str, str]:
        """What each field is called."""
        return labels_of(self.rule)

    @property
    def severities(self) -> list[tuple[str, str]]:
        return [(each.value, word) for each, word in SEVERITIES.items()]

    @property
    def trial_title(self) -> str:
        """How often it would have fired."""
        if self.trial is None:
            return ""
        count = len(self.trial.firings)
        times = plural(count, "time")
        if self.trial.is_tried:
            return (
                f"It would have fired {times} in the last 7 days"
                if count
                else "It would not have fired in the last 7 days"
            )
        return f"It fired {times} in the last 7 days" if count else "It did not fire in the last 7 days"


# --- channels ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelLine:
    """A channel and how it stands."""

    key: str
    name: str
    kind: str
    where: str
    is_on: bool
    standing: Standing | None
    url: str
    test_url: str

    @property
    def is_failing(self) -> bool:
        return self.is_on and self.standing is not None and self.standing.is_bad


def _lines() -> list[ChannelLine]:
    channels = queries.list_channels()
    standings = queries.standings(channels)
    email = ChannelLine(
        key=EMAIL,
        name="E-mail",
        kind="E-mail",
        where=f"To {plural(len(telling.readers()), 'member')} who chose it",
        is_on=True,
        standing=standings.get(EMAIL),
        url=url_for("notifications.show"),
        test_url=url_for("alerts.test_email"),
    )
    return [email, *(_line(channel, standings.get(str(channel.id))) for channel in channels)]


def _failing(lines: Sequence[ChannelLine]) -> tuple[str, ...]:
    """What those channels say that did not take what was told last."""
    return tuple(f"{line.name}: {line.standing.answer}" for line in lines if line.is_failing and line.standing)


def _silent(lines: Sequence[ChannelLine]) -> tuple[str, ...]:
    """The names of those channels."""
    return tuple(line.name for line in lines if line.is_failing)


def _line(channel: AlertChannel, standing: Standing | None) -> ChannelLine:
    return ChannelLine(
        key=str(channel.id),
        name=channel.name,
        kind=KINDS[channel.kind],
        where=channel.host,
        is_on=channel.is_on,
        standing=standing,
        url=url_for("alerts.show_channel", channel_id=str(channel.id)),
        test_url=url_for("alerts.test_channel", channel_id=str(channel.id)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelsPage(WebPage):
    """Where alerts go."""

    template: ClassVar[str] = "alerts/channels.html"

    rows: Sequence[ChannelLine]

    @classmethod
    def of(cls) -> "ChannelsPage":
        return cls(rows=_lines())

    @property
    def tabs(self) -> list[dict[str, Any]]:
        return tabs_for("alerts.list_channels")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPage(WebPage):
    """A channel to add, or one to change."""

    template: ClassVar[str] = "alerts/channel.html"

    form: ChannelForm
    kind: str
    is_webhook: bool
    channel: AlertChannel | None = None
    standing: Standing | None = None
    removal: Confirmation | None = None
    secret: str = ""  # proposed for a new webhook

    @classmethod
    def new(cls, form: ChannelForm) -> "ChannelPage":
        kind = ChannelKind(form.values["kind"])
        proposed = form.secrets.get("secret") or secrets.token_urlsafe(32)
        return cls(form=form, kind=KINDS[kind], is_webhook=kind is ChannelKind.WEBHOOK, secret=proposed)

    @classmethod
    def of(cls, channel: AlertChannel, form: ChannelForm) -> "ChannelPage":
        return cls(
            form=form,
            kind=KINDS[channel.kind],
            is_webhook=channel.kind is ChannelKind.WEBHOOK,
            channel=channel,
            standing=queries.standings([channel]).get(str(channel.id)),
            removal=dialogs.removal(channel),
        )

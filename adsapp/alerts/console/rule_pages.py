"""The rules and one of them, as their templates read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from adsapp.alerts import queries
from adsapp.alerts.console import dialogs
from adsapp.alerts.console.alert_pages import tabs_for
from adsapp.alerts.console.channel_lines import ChannelLine, lines_of_all, silent
from adsapp.alerts.console.forms import RuleForm, labels_of
from adsapp.alerts.rules import RULES, Conditions, Rule
from adsapp.alerts.trial import Trial
from adsapp.alerts.words import PILLS, SEVERITIES
from adsapp.core.web.confirmation import Confirmation
from adsapp.core.web.pages import WebPage
from adsapp.core.words import plural, span


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
        settings, changed, lines = queries.conditions(), queries.changed_kinds(), lines_of_all()
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
        severity_kind=PILLS[conditions.severity],
        says=said(rule, conditions),
        channels="All channels"
        if conditions.channels is None
        else ", ".join(line.name for line in mine) or "the bell alone",
        failing=silent(mine),
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
            channels=lines_of_all(),
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

"""A rule and a channel as typed. Secrets go in and never come out again."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, Protocol

from adsapp.alerts.models import AlertChannel, ChannelKind, Severity
from adsapp.alerts.rules import Conditions, Quiet, Rule
from adsapp.alerts.service import ChannelChanges, ChannelIn, channel_ids, check_conditions
from adsapp.core.errors import Invalid
from adsapp.core.inputs import clock, digits

NUMBERS: Final = ("threshold", "clears_at", "window_minutes", "for_minutes", "cool_down_minutes")
TEXTS: Final = ("severity", "quiet_from", "quiet_until", "quiet_zone")
LABELS: Final = {
    "window_minutes": "Within how many minutes",
    "for_minutes": "For how many minutes it must last",
    "cool_down_minutes": "Told again after how many minutes",
    "quiet_from": "Quiet from",
    "quiet_until": "Quiet until",
    "quiet_zone": "Time zone",
    "channels": "Who is told",
    "name": "Name",
    "address": "Address",
    "secret": "Secret",
}
ALL: Final = "all"
CHOSEN: Final = "chosen"
LARGEST: Final = 10**6


def labels_of(rule: Rule) -> dict[str, str]:
    """What the form calls the fields of a rule; errors call them so, too."""
    measure = rule.measure
    if measure is None:
        return dict(LABELS)
    side = "at most" if measure.less_is_worse else "at least"
    return {**LABELS, "threshold": f"{measure.label} {side}", "clears_at": measure.clears}


class Sent(Protocol):
    """What a form sent, as Flask reads it."""

    def get(self, key: str, default: str, /) -> str: ...
    def getlist(self, key: str, /) -> list[str]: ...


@dataclass
class RuleForm:
    """What was typed, and what is wrong with it."""

    values: dict[str, str] = field(default_factory=dict)
    channels: tuple[str, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, conditions: Conditions) -> "RuleForm":
        """The form as it opens."""
        quiet = conditions.quiet
        values = {name: f"{getattr(conditions, name):g}" for name in NUMBERS}
        values |= {
            "is_on": "1" if conditions.is_on else "",
            "severity": conditions.severity.value,
            "which": ALL if conditions.channels is None else CHOSEN,
            "quiet_from": f"{quiet.starts:%H:%M}" if quiet else "",
            "quiet_until": f"{quiet.ends:%H:%M}" if quiet else "",
            "quiet_zone": quiet.zone if quiet else "",
        }
        return cls(values, conditions.channels or ())

    @classmethod
    def typed(cls, sent: Sent) -> "RuleForm":
        """The form as it was sent."""
        names = (*NUMBERS, *TEXTS, "is_on", "which")
        return cls({name: sent.get(name, "").strip() for name in names}, channel_ids(sent.getlist("channel")))

    def conditions(self, rule: Rule, before: Conditions) -> Conditions:
        """What was typed; raises Invalid, whose messages are shown beside the fields. What the form does not ask for is
        left as it was."""
        labels = labels_of(rule)
        numbers = {name: self._number(name, labels, getattr(before, name)) for name in NUMBERS}
        severity = next((each for each in Severity if each == self.values["severity"]), before.severity)
        found = replace(
            before,
            **numbers,  # type: ignore[arg-type]
            is_on=bool(self.values["is_on"]),
            severity=severity,
            channels=self.channels if self.values["which"] == CHOSEN else None,
            quiet=self._quiet(),
        )
        try:
            check_conditions(rule, found)
        except Invalid as problem:
            self.errors |= _beside(problem, labels)
        if self.errors:
            raise Invalid("Some values do not fit; see beside each field")
        return found

    def _number(self, name: str, labels: Mapping[str, str], before: float) -> float:
        text = self.values[name].replace(",", "")
        if not text:
            return before
        found = digits(text, LARGEST)
        if found is None:
            self.errors[name] = f"“{labels.get(name, name)}” should be a whole number"
            return before
        return found

    def _quiet(self) -> Quiet | None:
        typed = self.values["quiet_from"], self.values["quiet_until"]
        if not any(typed):
            return None
        starts, ends = map(clock, typed)
        for name, found in (("quiet_from", starts), ("quiet_until", ends)):
            if found is None:
                self.errors[name] = f"“{LABELS[name]}” should be a time such as 22:00; leave both empty for none"
        return Quiet(starts, ends, self.values["quiet_zone"] or "UTC") if starts and ends else None


def _beside(problem: Invalid, labels: Mapping[str, str] = LABELS) -> dict[str, str]:
    return {
        name: f"“{labels[name]}” {text}" if text[:1].islower() else text
        for name, text in problem.field_messages.items()
    }


@dataclass
class ChannelForm:
    """What was typed, and what is wrong with it. `values` hold no address: that is a secret."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, kind: ChannelKind) -> "ChannelForm":
        return cls({"kind": kind.value, "name": "", "is_on": "1"})

    @classmethod
    def of(cls, channel: AlertChannel) -> "ChannelForm":
        return cls({"kind": channel.kind.value, "name": channel.name, "is_on": "1" if channel.is_on else ""})

    @classmethod
    def typed(cls, sent: Mapping[str, str], kind: ChannelKind) -> "ChannelForm":
        values = {name: sent.get(name, "").strip() for name in ("name", "is_on")}
        return cls({**values, "kind": kind.value}, {name: sent.get(name, "").strip() for name in ("address", "secret")})

    def new(self) -> ChannelIn:
        """A channel to add."""
        kind = ChannelKind(self.values["kind"])
        return ChannelIn(kind=kind, name=self.values["name"], is_on=True, **self.secrets)

    def changes(self) -> ChannelChanges:
        """What changes; secrets left empty stay as they are."""
        given: dict[str, Any] = {name: text for name, text in self.secrets.items() if text}
        return ChannelChanges(name=self.values["name"], is_on=bool(self.values["is_on"]), **given)

    def refuse(self, problem: Invalid) -> None:
        """Keep the messages of an error for the fields they belong to."""
        self.errors |= _beside(problem)

"""Faults injected by a person: rules that are checked for every message; the first that matches applies."""

import itertools
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adsapp.sandbox.whatsapp.errors import LATER
from adsapp.sandbox.whatsapp.ids import digits_of

_FIELDS = frozenset(
    {
        "match",
        "code",
        "http",
        "retry_after",
        "times",
        "every",
        "delay_ms",
        "hang_after_accept",
        "drop_after_accept",
        "async",
    }
)


class FaultError(ValueError):
    """A rule that cannot be used. `where` is the field, the text says what it should be."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(what)
        self.where = where


@dataclass(slots=True)
class Fault:
    """One rule. `to` is digits or `*`; `times` None means always; `every` n means each n-th message it matches.

    code 0: no error, only a delay, a hang or a drop. later: the error comes as a `failed` status after acceptance.
    delay_ms: how much later the answer goes out. hang: accepted, but the answer never comes. drop: accepted, but
    the connection closes instead.
    """

    id: int
    to: str = "*"
    phone_number_id: str = ""
    code: int = 0
    http: int | None = None
    retry_after: float | None = None
    times: int | None = None
    every: int = 1
    delay_ms: float = 0.0
    hang_after_accept: bool = False
    drop_after_accept: bool = False
    later: bool = False
    seen: int = 0
    fired: int = 0

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.fired >= self.times

    def as_json(self) -> dict[str, Any]:
        values = asdict(self)
        to = values.pop("to")
        match = {"to": to if to == "*" else f"+{to}"}
        if number := values.pop("phone_number_id"):
            match["phone_number_id"] = number
        values["async"] = values.pop("later")
        return {"id": values.pop("id"), "match": match, **values, "spent": self.is_spent}


class FaultRules:
    def __init__(self) -> None:
        self.rules: list[Fault] = []
        self._ids = itertools.count(1)

    def add(self, data: object) -> Fault:
        """Add a rule from JSON. Raises FaultError if it cannot be used."""
        rule = _parse(data, next(self._ids))
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int) -> bool:
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.id != rule_id]
        return len(self.rules) < before

    def clear(self) -> None:
        self.rules.clear()

    def strike(self, phone_number_id: str, digits: str) -> Fault | None:
        """The rule that applies to this message, after counting the hit; None if none does."""
        for rule in self.rules:
            if rule.is_spent or not _matches(rule, phone_number_id, digits):
                continue
            rule.seen += 1
            if rule.seen % rule.every == 0:
                rule.fired += 1
                return rule
        return None


def _matches(rule: Fault, phone_number_id: str, digits: str) -> bool:
    return rule.to in ("*", digits) and rule.phone_number_id in ("", phone_number_id)


def _parse(data: object, rule_id: int) -> Fault:
    if not isinstance(data, Mapping):
        raise FaultError("body", "expected a JSON object, a rule")
    for name in data:
        if name not in _FIELDS:
            raise FaultError(str(name), f"unknown field; known are {', '.join(sorted(_FIELDS))}")
    match = data.get("match", {"to": "*"})
    if not isinstance(match, Mapping):
        raise FaultError("match", 'expected an object such as {"to": "+12025550101"} or {"to": "*"}')
    code = _whole(data, "code", 0) or 0
    http = _whole(data, "http", 200)
    rule = Fault(
        id=rule_id,
        to=_recipient(match.get("to", "*")),
        phone_number_id=str(match.get("phone_number_id", "")),
        code=code,
        http=http,
        retry_after=_number(data, "retry_after"),
        times=_whole(data, "times", 1),
        every=_whole(data, "every", 1) or 1,
        delay_ms=_number(data, "delay_ms") or 0.0,
        hang_after_accept=bool(data.get("hang_after_accept")),
        drop_after_accept=bool(data.get("drop_after_accept")),
        later=bool(data.get("async", code in LATER and http is None)),
    )
    if not (rule.code or rule.delay_ms or rule.hang_after_accept or rule.drop_after_accept):
        raise FaultError("code", "the rule does nothing: give a code, delay_ms, hang_after_accept or drop_after_accept")
    return rule


def _recipient(to: object) -> str:
    if to == "*":
        return "*"
    digits = digits_of(to) if isinstance(to, str) else None
    if digits is None:
        raise FaultError("match.to", 'expected a phone number such as "+12025550101", or "*" for everybody')
    return digits


def _whole(data: Mapping[str, Any], name: str, least: int) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise FaultError(name, f"expected a whole number, {least} or more, not {value!r}")
    return value


def _number(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise FaultError(name, f"expected a number, 0 or more, not {value!r}")
    return float(value)

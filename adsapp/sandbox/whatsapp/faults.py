"""Faults injected by a person: rules that are checked for every message; the first that matches applies."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from adsapp.sandbox.rules import FaultError, Rules, number, whole
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


class FaultRules(Rules[Fault]):
    def __init__(self) -> None:
        super().__init__(_parse)

    def strike(self, phone_number_id: str, digits: str) -> Fault | None:
        """The rule that applies to this message, after counting the hit; None if none does."""
        return self.first(lambda rule: _matches(rule, phone_number_id, digits))


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
    code = whole(data, "code", 0) or 0
    http = whole(data, "http", 200)
    rule = Fault(
        id=rule_id,
        to=_recipient(match.get("to", "*")),
        phone_number_id=str(match.get("phone_number_id", "")),
        code=code,
        http=http,
        retry_after=number(data, "retry_after"),
        times=whole(data, "times", 1),
        every=whole(data, "every", 1) or 1,
        delay_ms=number(data, "delay_ms") or 0.0,
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

"""Faults injected by a person: rules that are checked for every request; the first that matches applies."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from adsapp.sandbox.resend.addresses import address_of
from adsapp.sandbox.resend.errors import NAMES
from adsapp.sandbox.rules import FaultError, Rules, number, whole

PLACES = ("send", "single", "batch", "all")
_FIELDS = (
    "match",
    "name",
    "http",
    "message",
    "retry_after",
    "times",
    "every",
    "delay_ms",
    "accept_first",
    "hang_after_accept",
    "drop_after_accept",
    "drop_before_accept",
)


@dataclass(slots=True)
class Fault:
    """One rule. `to` is an address or `*`; `times` None means always; `every` n means each n-th request it matches.

    on: `send` (both ways to send), `single`, `batch`, or `all` endpoints. name: the provider's error; empty for none.
    accept_first: the e-mails are accepted and the error is answered all the same. delay_ms: how much later the answer
    goes out. hang: accepted, but the answer never comes. drop: the connection closes in place of an answer.
    """

    id: int
    to: str = "*"
    team: str = ""
    on: str = "send"
    name: str = ""
    http: int | None = None
    message: str = ""
    retry_after: float | None = None
    times: int | None = None
    every: int = 1
    delay_ms: float = 0.0
    accept_first: bool = False
    hang_after_accept: bool = False
    drop_after_accept: bool = False
    drop_before_accept: bool = False
    seen: int = 0
    fired: int = 0

    @property
    def is_spent(self) -> bool:
        return self.times is not None and self.fired >= self.times

    def as_json(self) -> dict[str, Any]:
        values = {name: getattr(self, name) for name in _FIELDS if name != "match"}
        match = {"to": self.to, "team": self.team, "on": self.on}
        return {"id": self.id, "match": match, **values, "seen": self.seen, "fired": self.fired, "spent": self.is_spent}


class FaultRules(Rules[Fault]):
    def __init__(self) -> None:
        super().__init__(_parse)

    def strike(self, team: str, place: str, body: object) -> Fault | None:
        """The rule that applies to this request, after counting the hit. place: `single`, `batch` or an empty text."""
        return self.first(lambda rule: _matches(rule, team, place, body))


def _matches(rule: Fault, team: str, place: str, body: object) -> bool:
    if rule.team not in ("", team):
        return False
    if rule.on != "all" and (not place or rule.on not in ("send", place)):
        return False
    return rule.to == "*" or rule.to in _recipients(body)


def _recipients(body: object) -> set[str]:
    """Bare addresses of everybody in a request that may be wrong in every way."""
    emails = body if isinstance(body, Sequence) and not isinstance(body, str) else [body]
    found: set[str] = set()
    for email in emails:
        to = email.get("to") if isinstance(email, Mapping) else None
        for item in [to] if isinstance(to, str) else to if isinstance(to, Sequence) else []:
            found.add((address_of(item) or "").lower() if isinstance(item, str) else "")
    return found


def _parse(data: object, rule_id: int) -> Fault:
    if not isinstance(data, Mapping):
        raise FaultError("body", "expected a JSON object, a rule")
    for name in data:
        if name not in _FIELDS:
            raise FaultError(str(name), f"unknown field; known are {', '.join(_FIELDS)}")
    match = data.get("match", {})
    if not isinstance(match, Mapping):
        raise FaultError("match", 'expected an object such as {"to": "ana@example.com"} or {"on": "batch"}')
    rule = Fault(
        id=rule_id,
        to=_recipient(match.get("to", "*")),
        team=str(match.get("team", "")),
        on=_one_of(match.get("on", "send"), "match.on", PLACES),
        name=_one_of(data.get("name", ""), "name", ("", *NAMES)),
        http=whole(data, "http", 400),
        message=str(data.get("message", "Injected fault")),
        retry_after=number(data, "retry_after"),
        times=whole(data, "times", 1),
        every=whole(data, "every", 1) or 1,
        delay_ms=number(data, "delay_ms") or 0.0,
        accept_first=bool(data.get("accept_first")),
        hang_after_accept=bool(data.get("hang_after_accept")),
        drop_after_accept=bool(data.get("drop_after_accept")),
        drop_before_accept=bool(data.get("drop_before_accept")),
    )
    if not (rule.name or rule.delay_ms or rule.hang_after_accept or rule.drop_after_accept or rule.drop_before_accept):
        raise FaultError(
            "name", "the rule does nothing: give the name of an error, delay_ms, or one that hangs or drops"
        )
    return rule


def _recipient(to: object) -> str:
    address = "*" if to == "*" else address_of(to) if isinstance(to, str) else None
    if address is None:
        raise FaultError("match.to", 'expected an address such as "ana@example.com", or "*" for everybody')
    return address.lower()


def _one_of(value: object, where: str, known: Sequence[str]) -> str:
    if value not in known or not isinstance(value, str):
        raise FaultError(where, f"expected one of {', '.join(filter(None, known))}, not {value!r}")
    return value

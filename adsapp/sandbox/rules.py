"""Faults injected by a person, for both providers: rules are checked in order; the first that matches applies."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any, Generic, Protocol, TypeVar


class FaultError(ValueError):
    """A rule that cannot be used. `where` is the field, the text says what it should be."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(what)
        self.where = where


def whole(data: Mapping[str, Any], name: str, least: int) -> int | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise FaultError(name, f"expected a whole number, {least} or more, not {value!r}")
    return value


def number(data: Mapping[str, Any], name: str) -> float | None:
    value = data.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool) or value < 0:
        raise FaultError(name, f"expected a number, 0 or more, not {value!r}")
    return float(value)


class Rule(Protocol):
    """`times` None means always; `every` n means each n-th request it matches."""

    id: int
    times: int | None
    every: int
    seen: int
    fired: int

    @property
    def is_spent(self) -> bool: ...


R = TypeVar("R", bound=Rule)


class Rules(Generic[R]):
    def __init__(self, parse: Callable[[object, int], R]) -> None:
        self.rules: list[R] = []
        self._parse = parse
        self._ids = itertools.count(1)

    def add(self, data: object) -> R:
        """Add a rule from JSON. Raises FaultError if it cannot be used."""
        rule = self._parse(data, next(self._ids))
        self.rules.append(rule)
        return rule

    def remove(self, rule_id: int) -> bool:
        before = len(self.rules)
        self.rules = [rule for rule in self.rules if rule.id != rule_id]
        return len(self.rules) < before

    def clear(self) -> None:
        self.rules.clear()

    def first(self, matches: Callable[[R], bool]) -> R | None:
        """The rule that applies, after counting the hit; None if none does."""
        for rule in self.rules:
            if rule.is_spent or not matches(rule):
                continue
            rule.seen += 1
            if rule.seen % rule.every == 0:
                rule.fired += 1
                return rule
        return None

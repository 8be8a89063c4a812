"""Injected faults hit whom they name, as often as they say."""

from typing import Any

import pytest

from adsapp.sandbox.rules import FaultError
from adsapp.sandbox.whatsapp.faults import FaultRules

ANA, BEN = "12025550101", "12025550102"


def strikes(rule: dict[str, Any], count: int, digits: str = ANA) -> list[bool]:
    rules = FaultRules()
    rules.add(rule)
    return [rules.strike("1", digits) is not None for _ in range(count)]


def test_a_rule_for_everybody_goes_on_until_removed() -> None:
    assert strikes({"match": {"to": "*"}, "code": 131000, "times": None}, 3) == [True] * 3


def test_a_rule_stops_after_its_times() -> None:
    assert strikes({"code": 131000, "times": 2}, 4) == [True, True, False, False]


def test_every_third_means_every_third() -> None:
    assert strikes({"code": 131000, "every": 3}, 6) == [False, False, True, False, False, True]


def test_a_rule_for_one_person_leaves_others_alone() -> None:
    rule = {"match": {"to": "+1 202 555 0101"}, "code": 131000}
    assert strikes(rule, 1, ANA) == [True]
    assert strikes(rule, 1, BEN) == [False]


def test_a_rule_for_one_business_number_leaves_others_alone() -> None:
    rules = FaultRules()
    rules.add({"match": {"to": "*", "phone_number_id": "2"}, "code": 131000})
    assert rules.strike("1", ANA) is None
    assert rules.strike("2", ANA) is not None


def test_when_one_rule_is_spent_the_next_has_its_turn() -> None:
    rules = FaultRules()
    rules.add({"code": 130429, "times": 1, "retry_after": 5})
    rules.add({"code": 131056, "times": 1})
    struck = [rules.strike("1", ANA) for _ in range(3)]
    assert [rule.code if rule else 0 for rule in struck] == [130429, 131056, 0]


def test_codes_the_provider_learns_late_come_as_a_status_unless_told_otherwise() -> None:
    rules = FaultRules()
    assert rules.add({"code": 131026}).later
    assert not rules.add({"code": 131026, "http": 400}).later
    assert not rules.add({"code": 131026, "async": False}).later
    assert rules.add({"code": 131000, "async": True}).later


def test_a_rule_can_be_removed_by_its_id() -> None:
    rules = FaultRules()
    rule = rules.add({"code": 131000})
    assert rules.remove(rule.id)
    assert not rules.remove(rule.id)
    assert rules.strike("1", ANA) is None


@pytest.mark.parametrize(
    ("rule", "where"),
    [
        ([], "body"),
        ({}, "code"),
        ({"cod": 1}, "cod"),
        ({"match": "+12025550101", "code": 1}, "match"),
        ({"match": {"to": "Ana"}, "code": 1}, "match.to"),
        ({"match": {"to": 1}, "code": 1}, "match.to"),
        ({"code": "130429"}, "code"),
        ({"code": 1, "times": 0}, "times"),
        ({"code": 1, "every": 0}, "every"),
        ({"code": 1, "every": True}, "every"),
        ({"code": 1, "http": 20}, "http"),
        ({"code": 1, "delay_ms": -1}, "delay_ms"),
        ({"code": 1, "retry_after": "soon"}, "retry_after"),
    ],
)
def test_a_rule_that_makes_no_sense_names_its_place(rule: Any, where: str) -> None:
    with pytest.raises(FaultError) as caught:
        FaultRules().add(rule)
    assert caught.value.where == where

"""What follows an accepted message, without chance."""

import pytest

from adsapp.sandbox.config import Timing
from adsapp.sandbox.whatsapp.ids import digits_of, other_wa_id, reads_messages
from adsapp.sandbox.whatsapp.journeys import Step, journey, out_of_order

READER = next(f"1202555{n:04d}" for n in range(100) if reads_messages(f"1202555{n:04d}"))
OTHER = next(f"1202555{n:04d}" for n in range(100) if not reads_messages(f"1202555{n:04d}"))
TIMING = Timing()


def statuses(steps: list[Step]) -> list[str]:
    return [step.status or step.kind for step in sorted(steps, key=lambda step: step.after)]


def test_about_sixty_in_a_hundred_read() -> None:
    readers = sum(reads_messages(f"1202{number:07d}") for number in range(10_000))
    assert 5_700 < readers < 6_300


def test_a_reader_reads_and_others_do_not() -> None:
    assert statuses(journey(READER, TIMING)) == ["sent", "delivered", "read"]
    assert statuses(journey(OTHER, TIMING)) == ["sent", "delivered"]


def test_delivered_is_skipped_only_where_read_implies_it() -> None:
    assert statuses(journey(READER, TIMING, skip_delivered=True)) == ["sent", "read"]
    assert statuses(journey(OTHER, TIMING, skip_delivered=True)) == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("habit", "fail", "expected"),
    [
        ("", 131026, ["failed"]),
        ("held", 132015, ["failed"]),
        ("read_only", 0, ["sent", "read"]),
        ("delivered_after_failed", 131000, ["sent", "failed", "delivered"]),
        ("replies_stop", 0, ["sent", "delivered", "reply"]),
        ("taps", 0, ["sent", "delivered", "tap"]),
        ("stops_marketing", 0, ["sent", "delivered", "stop_marketing"]),
    ],
)
def test_each_habit_has_its_course(habit: str, fail: int, expected: list[str]) -> None:
    assert statuses(journey(OTHER, TIMING, habit=habit, fail=fail)) == expected


def test_a_held_message_goes_on_after_its_release() -> None:
    assert journey(OTHER, TIMING, habit="held")[0].after == TIMING.held + TIMING.sent


def test_shuffled_steps_are_the_same_in_another_order() -> None:
    steps = journey(READER, TIMING)
    for turn in range(4):
        shuffled = out_of_order(steps, turn)
        assert sorted(statuses(shuffled)) == sorted(statuses(steps))
        assert statuses(shuffled) != statuses(steps)
    assert out_of_order(steps[:1], 3) == steps[:1]


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("+1 (202) 555-0101", "12025550101"),
        ("12025550101", "12025550101"),
        ("+1202", None),
        ("++12025550101", None),
        ("+1202555٠١٠١", None),
        ("+1234567890123456", None),
    ],
)
def test_a_number_is_read_as_the_provider_reads_it(number: str, expected: str | None) -> None:
    assert digits_of(number) == expected


@pytest.mark.parametrize(
    ("digits", "expected"),
    [
        ("5511999999009", "551199999009"),
        ("525512349009", "5215512349009"),
        ("541112349009", "5491112349009"),
        ("12025559009", "12025559109"),
    ],
)
def test_a_wa_id_may_differ_from_the_number(digits: str, expected: str) -> None:
    assert other_wa_id(digits) == expected

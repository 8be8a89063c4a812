"""The provider's limits, held against arithmetic of another kind."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adsapp.sandbox.whatsapp.limits import PairRate
from adsapp.sandbox.windows import BusiestSecond, MovingWindow

STEPS = st.lists(st.floats(min_value=0, max_value=0.7), min_size=1, max_size=200)


def times_from(steps: list[float]) -> list[float]:
    now, times = 1_800_000_000.0, []
    for step in steps:
        now += step
        times.append(now)
    return times


@given(STEPS, st.integers(1, 9))
def test_no_moving_second_ever_has_more_than_the_limit(steps: list[float], limit: int) -> None:
    window, admitted = MovingWindow(limit), []
    for now in times_from(steps):
        if window.has_room(now):
            window.take(now)
            admitted.append(now)
    for first, beyond in zip(admitted, admitted[limit:], strict=False):
        assert beyond - first >= 1.0


@given(STEPS, st.integers(1, 9))
def test_a_message_is_refused_only_when_the_second_before_it_is_full(steps: list[float], limit: int) -> None:
    window, admitted = MovingWindow(limit), []
    for now in times_from(steps):
        if window.has_room(now):
            window.take(now)
            admitted.append(now)
        else:
            assert sum(now - earlier < 1.0 for earlier in admitted) == limit


def test_room_comes_back_when_the_oldest_leaves_the_window() -> None:
    window = MovingWindow(2)
    window.take(10.0)
    window.take(10.4)
    assert window.room_in(10.5) == pytest.approx(0.5)
    assert window.has_room(11.0)
    assert window.room_in(11.0) == 0


def test_a_lower_limit_counts_what_was_sent_before_it() -> None:
    window = MovingWindow(5)
    for _ in range(5):
        window.take(10.0)
    window.limit = 2
    assert not window.has_room(10.9)
    assert window.has_room(11.0)


@given(STEPS)
def test_the_busiest_second_is_remembered(steps: list[float]) -> None:
    times, busiest = times_from(steps), BusiestSecond()
    for now in times:
        busiest.see(now)
    assert busiest.most == max(sum(0 <= end - time < 1.0 for time in times) for end in times)


def send_as_allowed(pairs: PairRate, times: list[float]) -> list[float]:
    taken = []
    for now in times:
        if pairs.has_room("ana", now):
            pairs.take("ana", now)
            taken.append(now)
    return taken


def test_forty_five_may_go_to_one_person_at_once_and_no_more() -> None:
    assert len(send_as_allowed(PairRate(), [100.0] * 60)) == 45


def test_a_burst_is_paid_back_by_waiting() -> None:
    pairs = PairRate()
    send_as_allowed(pairs, [100.0] * 20)
    assert pairs.room_in("ana", 107.0) == pytest.approx(113.0)
    assert not pairs.has_room("ana", 219.9)
    assert pairs.has_room("ana", 220.0)


def test_one_message_every_six_seconds_is_always_allowed() -> None:
    times = [100.0 + 6 * i for i in range(50)]
    assert send_as_allowed(PairRate(), times) == times
    assert all(later - earlier == 6 for earlier, later in pairwise(times))


def test_one_person_does_not_hold_up_another() -> None:
    pairs = PairRate()
    send_as_allowed(pairs, [100.0] * 60)
    assert pairs.has_room("ben", 100.0)
    assert pairs.room_in("ben", 100.0) == 0


def test_people_who_are_free_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adsapp.sandbox.whatsapp.limits._PAIRS_KEPT", 3)
    pairs = PairRate()
    for number in range(4):
        pairs.take(f"early {number}", 100.0)
    pairs.take("late", 200.0)
    assert len(pairs._pairs) == 1

"""No interleaving of callers, however many and wherever, gets more than the rate in any second."""

from __future__ import annotations

import math
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from adsapp.integrations.pacing import Admission, Pacer, RedisPacer, Report, SqlitePacer
from adsapp.integrations.pacing.last_second import FORGET_AFTER, LastSecond, bucket, count, with_held
from adsapp.integrations.pacing.pacer import admit
from adsapp.integrations.pacing.spacing import CATCH_UP, SECOND, Spacing, slowed_down, take
from tests.waiting import wait_for

START = 1_800_000_000 * SECOND


calls = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 3 * SECOND)), max_size=30)
RATES = [0.5, 1.0, 3.0, 12.5, 79.99, 80.0, 999.0, 1000.0]


@given(calls, st.sampled_from(RATES) | st.floats(0.1, 2000))
def test_slots_keep_their_distance_and_are_used_a_tenth_of_a_second_late_at_most(
    some: list[tuple[int, int]], rate: float
) -> None:
    state, now, taken = Spacing(), START, list[tuple[int, int]]()
    for wanted, pause in some:
        state, count, wait = take(state, wanted, rate, now)
        assert (count == 0) is (wait > 0)
        assert count <= wanted
        taken.append((now, count))
        now += pause
    for first, (begin, _) in enumerate(taken):
        for last in range(first, len(taken)):
            end = taken[last][0]
            number = sum(count for _, count in taken[first : last + 1])
            assert number <= rate * (end - begin + CATCH_UP) / SECOND + 1


def test_under_steady_demand_the_whole_rate_is_used() -> None:
    state, total = Spacing(), 0
    for turn in range(1000):  # ten seconds, asked every 10 ms
        state, count, _ = take(state, 500, 1000.0, START + turn * SECOND // 100)
        total += count
    assert total >= 9_990


def test_a_slower_rate_holds_from_the_last_slot_on() -> None:
    state, _, _ = take(Spacing(), 10, 1000.0, START)
    assert take(state, 1, 10.0, START)[1:] == (0, SECOND // 10)


@given(st.sampled_from(RATES))
def test_with_no_slot_in_reach_it_says_when_there_is_one(rate: float) -> None:
    state, _, _ = take(Spacing(), 13, rate, START)
    _, none, wait = take(state, 1, rate, START)
    assert none == 0
    assert take(state, 1, rate, START + wait)[1] == 1
    assert take(state, 1, rate, START + wait - 1)[1] == 0


def test_a_penalty_slows_stops_and_ends() -> None:
    begun, _, _ = take(Spacing(), 1, 100.0, START)
    half = slowed_down(begun, 1.0, 0.5, START)
    assert take(half, 1, 100.0, START)[2] == SECOND // 50
    assert take(half, 1, 100.0, START + SECOND)[1] == 1
    stopped = slowed_down(begun, 1.0, 0.0, START)
    assert take(stopped, 1, 100.0, START)[1:] == (0, SECOND)
    assert take(stopped, 50, 100.0, START + SECOND)[1] == 11  # nothing is saved up


def test_of_two_penalties_the_longer_end_and_the_slower_pace_win() -> None:
    state = slowed_down(Spacing(), 5, 0.5, START)
    state = slowed_down(state, 1, 0.25, START)
    assert (state.slow_until, state.factor) == (START + 5 * SECOND, 0.25)
    later = slowed_down(state, 3, 0.5, START + 6 * SECOND)
    assert (later.slow_until, later.factor) == (START + 9 * SECOND, 0.5)
    assert slowed_down(later, -1, 0.1, START + SECOND) is later


def test_a_clock_set_back_does_not_stop_a_number() -> None:
    state, _, _ = take(Spacing(), 1, 10.0, START)
    assert take(state, 1, 10.0, START - 3600 * SECOND)[2] == SECOND // 10


@pytest.fixture(params=["redis", "sqlite"])
def make_pacer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Pacer]]:
    if request.param == "sqlite":
        yield lambda: SqlitePacer(tmp_path / "pace.sqlite")
        return
    client = redis.Redis.from_url(request.getfixturevalue("valkey_url"))
    prefix = f"test:{tmp_path.name}:"
    yield lambda: RedisPacer(client, prefix)
    client.close()


def asks(sender: str, wanted: int = 1, rate: float = 100.0, **more: Any) -> Report:
    return Report(sender, more.get("held", 0), more.get("answered", {}), wanted, rate)


def test_keys_do_not_slow_each_other(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    assert pacer.admit("a", asks("one", 9, rate=1.0)).count == 1
    assert pacer.admit("a", asks("other", 9, rate=1.0)) == Admission(0)  # asked again at once: the second is full
    assert pacer.admit("b", asks("one", 9, rate=1.0)).count == 1


def test_distances_are_kept_by_all_processes_together(make_pacer: Callable[[], Pacer]) -> None:
    assert make_pacer().admit("number", asks("one", rate=10.0)).count == 1
    admission = make_pacer().admit("number", asks("other", rate=10.0))
    assert admission.count == 0
    assert 0 < admission.wait <= 0.1


def test_a_slowed_number_is_slow_for_every_process(make_pacer: Callable[[], Pacer]) -> None:
    pacer, other = make_pacer(), make_pacer()
    assert pacer.admit("number", asks("one")).count == 1
    other.slow_down("number", 30, 0.001)
    assert 8 < pacer.admit("number", asks("one")).wait <= 10
    other.slow_down("number", 30, 0.0)
    assert 20 < pacer.admit("number", asks("one")).wait <= 30


def test_a_penalty_that_is_over_changes_nothing(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    pacer.slow_down("number", -1, 0.0)
    assert pacer.admit("number", asks("one")).count == 1


@pytest.mark.parametrize("rate", [0, -1, 1e-300, math.nan, math.inf])
def test_a_senseless_rate_is_refused(make_pacer: Callable[[], Pacer], rate: float) -> None:
    with pytest.raises(ValueError, match="must be"):
        make_pacer().admit("number", asks("one", rate=rate))


@pytest.mark.parametrize("factor", [-0.1, 1e-9, 1.5, math.nan])
def test_a_senseless_penalty_is_refused(make_pacer: Callable[[], Pacer], factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        make_pacer().slow_down("number", 1.0, factor)


# Each takes what it gets, and says after each answer how many that makes: nothing is answered, so all of them count.
OTHER_PROCESS = """
import sys, time, redis
from adsapp.integrations.pacing import RedisPacer, Report, SqlitePacer
kind, where, prefix, name = sys.argv[1:]
pacer = SqlitePacer(where) if kind == "sqlite" else RedisPacer(redis.Redis.from_url(where), prefix)
print("ready", flush=True)
sys.stdin.readline()
held = 0
for _ in range(300):
    held += pacer.admit("number", Report(name, held, {}, 7, 1000.0)).count
    time.sleep(0.001)
print(held)
"""


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_processes_share_a_key(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = str(tmp_path / "new.sqlite") if kind == "sqlite" else request.getfixturevalue("valkey_url")
    command = [sys.executable, "-c", OTHER_PROCESS, kind, where, f"test:{tmp_path.name}:"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    root = Path(__file__).parent.parent.parent
    processes: list[Any] = [subprocess.Popen([*command, name], cwd=root, **pipes) for name in "ab"]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    held = [int(process.communicate(timeout=60)[0]) for process in processes]
    assert 0 < sum(held) <= 1000


reports = st.tuples(
    st.sampled_from(["a", "b", "c"]),  # senders
    st.integers(0, 5),  # held
    st.dictionaries(st.integers(1, 2 * SECOND), st.integers(1, 4), max_size=4),  # answered
    st.integers(0, 8),  # wanted
    st.integers(1, 12),  # limit
)


penalties = st.tuples(st.floats(-1, 5), st.sampled_from([0.0, 0.25, 0.5, 1 / 3, 1.0]))


@settings(max_examples=80)
@given(st.lists(reports | penalties, max_size=12))
def test_the_redis_script_and_the_shared_arithmetic_agree(valkey_url: str, some: list[Any]) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.delete("agree:number", "agree:number:last_second")
    pacer, spaced, counted = RedisPacer(client, "agree:"), Spacing(), LastSecond()
    for each in some:
        if len(each) == 2:
            pacer.slow_down("number", *each)
            spaced = kept(client)  # its clock is not known
            continue
        answered, now = pacer.admit_at("number", Report(*each))
        spaced, counted, expected = admit(spaced, counted, Report(*each), now)
        assert answered == expected
        if expected.count:
            assert kept(client) == spaced
    assert {sender: count for sender, (count, _) in counted.held.items()} == held_in(client)
    client.close()


def kept(client: redis.Redis) -> Spacing:
    raw: Any = client.hmget("agree:number", ["last_at", "slow_until", "factor"])
    last_at, slow_until, factor = raw
    return Spacing(int(last_at or 0), int(slow_until or 0), float(factor or 1))


def held_in(client: redis.Redis) -> dict[str, int]:
    fields: Any = client.hgetall("agree:number:last_second")
    return {name[1:].decode(): int(value.split()[0]) for name, value in fields.items() if name.startswith(b"h")}


def test_what_one_process_has_on_its_way_leaves_less_to_others(make_pacer: Callable[[], Pacer]) -> None:
    one, other = make_pacer(), make_pacer()
    assert one.admit("number", asks("one", 7, rate=1000.0, held=990)).count <= 7
    assert other.admit("number", asks("other", 50, rate=1000.0)).count <= 10
    assert one.admit("number", asks("one", 7, rate=1000.0, held=980, answered={SECOND: 20})) == Admission(0)


def test_what_was_answered_counts_no_longer_than_it_is_told(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    assert pacer.admit("number", asks("one", 100, rate=9.0, answered={30_000: 6, SECOND: 3})) == Admission(0)
    wait_for(lambda: pacer.admit("number", asks("other", 9, rate=9.0)).count >= 1, what="those count no more")


def test_a_sender_that_is_silent_is_forgotten_and_one_that_says_it_again_counts_once() -> None:
    first = asks("one", 7, rate=10.0)
    state, room = count(LastSecond(), first, START)
    state = with_held(state, first, 7, START)
    again = asks("one", 7, rate=10.0, held=7)
    state, left = count(state, again, START)
    state = with_held(state, again, 0, START)
    assert (room, left) == (10, 3)
    other = asks("other", rate=10.0)
    assert count(state, other, START + FORGET_AFTER - 1)[1] == 3
    assert count(state, other, START + FORGET_AFTER)[1] == 10


@given(st.lists(st.tuples(reports, st.integers(-5 * SECOND, 5 * SECOND)), max_size=20))
def test_the_last_second_survives_its_column_and_any_clock(some: list[tuple[Any, int]]) -> None:
    state, now = LastSecond(), START
    for each, step in some:
        now += step
        state, room = count(state, report := Report(*each), now)
        assert 0 <= room <= report.limit
        state = with_held(state, report, min(room, report.wanted), now)
        assert LastSecond.from_text(state.as_text()) == state
        assert all(now < until <= bucket(now + SECOND) for until in state.answered)


def test_a_flushed_redis_goes_on_from_now(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    pacer = RedisPacer(client, "flushed:")
    pacer.slow_down("number", 60, 0.0)
    client.delete("flushed:number", "flushed:number:last_second")
    assert pacer.admit("number", asks("one")).count == 1
    client.close()


def test_a_key_that_is_no_longer_used_leaves_redis_by_itself(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    RedisPacer(client, "ttl:").admit("number", asks("one"))
    for key in ("ttl:number", "ttl:number:last_second"):
        ttl: Any = client.ttl(key)
        assert 0 < ttl <= 61
    client.close()


def test_a_closed_pacer_opens_again_when_used(tmp_path: Path) -> None:
    pacer = SqlitePacer(tmp_path / "pace.sqlite")
    pacer.close()
    pacer.close()
    assert pacer.admit("number", asks("one")).count == 1


def test_a_failure_inside_leaves_the_file_unlocked(tmp_path: Path) -> None:
    def broken() -> int:
        raise RuntimeError("no clock")

    with pytest.raises(RuntimeError):
        SqlitePacer(tmp_path / "pace.sqlite", clock=broken).admit("number", asks("one"))
    assert SqlitePacer(tmp_path / "pace.sqlite").admit("number", asks("one")).count == 1

"""No interleaving of callers, however many and wherever, gets more than the rate in any second."""

from __future__ import annotations

import math
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st

from adsapp.integrations.pacing import Pacer, RedisPacer, Report, Reservation, SqlitePacer
from adsapp.integrations.pacing.arithmetic import SECOND, Grant, State, grant, slowed_down
from adsapp.integrations.pacing.last_second import FORGET_AFTER, LastSecond, admit, bucket
from tests.waiting import wait_for

START = 1_800_000_000 * SECOND


def slots(grants: Iterable[Grant]) -> list[int]:
    return [given.first_at + index * given.interval for given in grants for index in range(given.count)]


def in_microseconds(reservation: Reservation) -> Grant:
    first, interval = round(reservation.first_at * SECOND), round(reservation.interval * SECOND)
    return Grant(first, interval, reservation.count, round(reservation.now * SECOND))


def worst_second(moments: list[int]) -> int:
    """The most slots in any window of one second; a window that begins at a slot holds the most."""
    ordered, worst, end = sorted(moments), 0, 0
    for start, moment in enumerate(ordered):
        while end < len(ordered) and ordered[end] < moment + SECOND:
            end += 1
        worst = max(worst, end - start)
    return worst


calls = st.lists(st.tuples(st.integers(1, 200), st.integers(0, 2 * SECOND), st.integers(0, 3 * SECOND)), max_size=30)


@given(calls, st.sampled_from([0.5, 1.0, 3.0, 12.5, 79.99, 80.0, 999.0, 1000.0]) | st.floats(0.1, 2000))
def test_no_window_of_a_second_holds_more_than_the_rate(some: list[tuple[int, int, int]], rate: float) -> None:
    state, now, grants = State(), START, []
    for count, horizon, pause in some:
        state, given = grant(state, count, rate, horizon, now)
        assert all(now <= slot <= now + horizon for slot in slots([given]))
        grants.append(given)
        now += pause
    assert worst_second(slots(grants)) <= math.ceil(rate)


@given(calls, st.lists(st.floats(0.5, 1000), min_size=30, max_size=30), st.data())
def test_a_rate_that_changes_midway_never_exceeds_the_highest_of_them(
    some: list[tuple[int, int, int]], rates: list[float], data: st.DataObject
) -> None:
    state, now, grants = State(), START, []
    for (count, horizon, pause), rate in zip(some, rates, strict=False):
        if data.draw(st.booleans()):
            factor = data.draw(st.just(0.0) | st.floats(0.001, 1))
            state = slowed_down(state, now + data.draw(st.integers(0, SECOND)), factor, now)
        state, given = grant(state, count, rate, horizon, now)
        grants.append(given)
        now += pause
    assert worst_second(slots(grants)) <= math.ceil(max(rates))
    ordered = slots(grants)
    assert ordered == sorted(set(ordered))


def test_under_steady_demand_the_whole_rate_is_used() -> None:
    state, now, grants = State(), START, []
    for _ in range(100):  # ten seconds in turns of 100 ms
        state, given = grant(state, 500, 1000.0, SECOND // 10, now)
        grants.append(given)
        now += SECOND // 10
    assert len(slots(grants)) >= 10_000


def test_a_slower_rate_holds_from_the_last_slot_given_out() -> None:
    state, first = grant(State(), 10, 1000.0, SECOND, START)
    state, then = grant(state, 1, 10.0, SECOND, START)
    assert then.first_at - slots([first])[-1] == SECOND // 10


def test_with_no_slot_in_reach_it_says_when_there_is_one() -> None:
    state, _ = grant(State(), 13, 12.5, SECOND, START)
    state, none = grant(state, 1, 12.5, 0, START)
    assert none.count == 0
    _, one = grant(state, 1, 12.5, 0, START + none.retry_after)
    assert one.count == 1
    _, early = grant(state, 1, 12.5, 0, START + none.retry_after - 1)
    assert early.count == 0


def test_a_penalty_slows_stops_and_ends() -> None:
    half = slowed_down(State(), START + SECOND, 0.5, START)
    assert grant(half, 1, 100.0, 0, START)[1].interval == SECOND // 50
    assert grant(half, 1, 100.0, 0, START + SECOND)[1].interval == SECOND // 100
    stopped = slowed_down(State(), START + SECOND, 0.0, START)
    none = grant(stopped, 1, 100.0, 0, START)[1]
    assert (none.count, none.retry_after) == (0, SECOND)


def test_of_two_penalties_the_longer_end_and_the_slower_pace_win() -> None:
    state = slowed_down(State(), START + 5 * SECOND, 0.5, START)
    state = slowed_down(state, START + SECOND, 0.25, START)
    assert (state.slow_until, state.factor) == (START + 5 * SECOND, 0.25)
    later = slowed_down(state, START + 9 * SECOND, 0.5, START + 6 * SECOND)
    assert (later.slow_until, later.factor) == (START + 9 * SECOND, 0.5)
    assert slowed_down(later, START, 0.1, START + SECOND) is later


def test_a_clock_set_back_does_not_stop_a_number_for_hours() -> None:
    state, _ = grant(State(), 1, 10.0, 0, START)
    _, given = grant(state, 1, 10.0, 0, START - 3600 * SECOND)
    assert given.retry_after <= 61 * SECOND


def test_delays_are_counted_from_the_limiters_now() -> None:
    assert list(Reservation(100.5, 0.25, 3, 100.0).delays()) == [0.5, 0.75, 1.0]


@pytest.fixture(params=["redis", "sqlite"])
def make_pacer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Pacer]]:
    if request.param == "sqlite":
        yield lambda: SqlitePacer(tmp_path / "pace.sqlite")
        return
    client = redis.Redis.from_url(request.getfixturevalue("valkey_url"))
    prefix = f"test:{tmp_path.name}:"
    yield lambda: RedisPacer(client, prefix)
    client.close()


def take(pacer: Pacer, rate: float, wanted: int) -> list[Grant]:
    """Take slots greedily, in odd batches, until `wanted` are there or the horizon is full."""
    grants: list[Grant] = []
    while sum(given.count for given in grants) < wanted:
        reservation = pacer.reserve("number", 7, rate, 60.0)
        if reservation.count == 0:
            break
        grants.append(in_microseconds(reservation))
    return grants


def test_threads_share_a_key(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    grants: list[Grant] = []
    threads = [threading.Thread(target=lambda: grants.extend(take(pacer, 80.0, 400))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moments = slots(grants)
    assert len(moments) >= 800
    assert len(set(moments)) == len(moments)
    assert worst_second(moments) == 80


def test_keys_do_not_slow_each_other(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    assert pacer.reserve("a", 10, 10.0, 1.0).count == 10
    assert pacer.reserve("b", 10, 10.0, 1.0).count == 10


def test_a_slowed_number_is_slow_for_every_process(make_pacer: Callable[[], Pacer]) -> None:
    pacer, other = make_pacer(), make_pacer()
    now = pacer.reserve("number", 1, 100.0, 1.0).now
    other.slow_down("number", now + 30, 0.5)
    assert pacer.reserve("number", 1, 100.0, 1.0).interval == pytest.approx(0.02)
    other.slow_down("number", now + 30, 0.0)
    stopped = pacer.reserve("number", 1, 100.0, 1.0)
    assert stopped.count == 0
    assert 20 < stopped.retry_after <= 30


def test_a_penalty_that_is_over_changes_nothing(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    now = pacer.reserve("number", 1, 100.0, 1.0).now
    pacer.slow_down("number", now - 1, 0.0)
    assert pacer.reserve("number", 1, 100.0, 1.0).count == 1


@pytest.mark.parametrize(
    "count, rate, horizon",
    [(0, 1, 1), (1, 0, 1), (1, -1, 1), (1, 1e-300, 1), (1, math.nan, 1), (1, 1, -1), (1, 1, 61), (1, 1, math.nan)],
)
def test_a_senseless_request_is_refused(
    make_pacer: Callable[[], Pacer], count: int, rate: float, horizon: float
) -> None:
    pacer = make_pacer()
    with pytest.raises(ValueError, match="must be"):
        pacer.reserve("number", count, rate, horizon)


@pytest.mark.parametrize("factor", [-0.1, 1e-9, 1.5, math.nan])
def test_a_senseless_penalty_is_refused(make_pacer: Callable[[], Pacer], factor: float) -> None:
    with pytest.raises(ValueError, match="factor"):
        make_pacer().slow_down("number", 1.0, factor)


OTHER_PROCESS = """
import sys, redis
from adsapp.integrations.pacing import RedisPacer, SqlitePacer
kind, where, prefix = sys.argv[1:]
pacer = SqlitePacer(where) if kind == "sqlite" else RedisPacer(redis.Redis.from_url(where), prefix)
print("ready", flush=True)
sys.stdin.readline()
for _ in range(60):
    r = pacer.reserve("number", 7, 80.0, 60.0)
    for i in range(r.count):
        print(round(r.first_at * 1e6) + i * round(r.interval * 1e6))
"""


@pytest.mark.parametrize("kind", ["redis", "sqlite"])
def test_processes_share_a_key(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    where = str(tmp_path / "new.sqlite") if kind == "sqlite" else request.getfixturevalue("valkey_url")
    command = [sys.executable, "-c", OTHER_PROCESS, kind, where, f"test:{tmp_path.name}:"]
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    root = Path(__file__).parent.parent.parent
    processes: list[Any] = [subprocess.Popen(command, cwd=root, **pipes) for _ in range(2)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()
    moments = [int(line) for process in processes for line in process.communicate(timeout=60)[0].split()]
    assert len(moments) == len(set(moments)) == 2 * 60 * 7
    assert worst_second(moments) == 80


operations = st.lists(
    st.one_of(
        st.tuples(st.just("reserve"), st.integers(1, 50), st.floats(0.5, 1000), st.floats(0, 2)),
        st.tuples(st.just("slow"), st.floats(-1, 5), st.sampled_from([0.0, 0.25, 0.5, 1 / 3, 1.0]), st.none()),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(operations)
def test_the_redis_script_and_the_shared_arithmetic_agree(valkey_url: str, some: list[tuple[Any, ...]]) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.delete("agree:number")
    pacer, state = RedisPacer(client, "agree:"), State()
    for kind, first, second, third in some:
        if kind == "slow":
            seconds, micros = client.time()
            until = seconds + micros / SECOND + first
            pacer.slow_down("number", until, second)
            state = kept(client)
            continue
        answer = pacer.reserve("number", first, second, third)
        given = in_microseconds(answer)
        state, expected = grant(state, first, second, round(third * SECOND), given.now)
        assert (given.count, given.interval) == (expected.count, expected.interval)
        assert given.first_at == expected.first_at
        assert round(answer.retry_after * SECOND) == expected.retry_after
        if expected.count:
            assert kept(client) == state
    client.close()


reports = st.tuples(
    st.sampled_from(["a", "b", "c"]),  # senders
    st.integers(0, 5),  # held
    st.dictionaries(st.integers(1, 2 * SECOND), st.integers(1, 4), max_size=4),  # answered
    st.integers(0, 8),  # wanted
    st.integers(1, 12),  # limit
)


@settings(max_examples=60, deadline=None)
@given(st.lists(reports, max_size=12))
def test_the_redis_script_and_the_shared_arithmetic_admit_the_same(valkey_url: str, some: list[Any]) -> None:
    client = redis.Redis.from_url(valkey_url)
    client.delete("alike:number:last_second")
    pacer, state = RedisPacer(client, "alike:"), LastSecond()
    for report in (Report(*each) for each in some):
        admitted, now = pacer.admit_at("number", report)
        state, expected = admit(state, report, now)
        assert admitted == expected
    assert {sender: count for sender, (count, _) in state.held.items()} == held_in(client)
    client.close()


def held_in(client: redis.Redis) -> dict[str, int]:
    fields: Any = client.hgetall("alike:number:last_second")
    return {name[1:].decode(): int(value.split()[0]) for name, value in fields.items() if name.startswith(b"h")}


def test_what_one_process_has_on_its_way_leaves_less_to_others(make_pacer: Callable[[], Pacer]) -> None:
    one, other = make_pacer(), make_pacer()
    assert one.admit("number", Report("one", 0, {}, wanted=7, limit=10)) == 7
    assert other.admit("number", Report("other", 0, {}, wanted=7, limit=10)) == 3
    assert other.admit("another number", Report("other", 0, {}, wanted=7, limit=10)) == 7
    assert one.admit("number", Report("one", 0, {SECOND: 5}, wanted=7, limit=10)) == 2  # two of its seven failed


def test_what_was_answered_counts_no_longer_than_it_is_told(make_pacer: Callable[[], Pacer]) -> None:
    pacer = make_pacer()
    assert pacer.admit("number", Report("one", 0, {30_000: 5, SECOND: 3}, wanted=9, limit=9)) == 1
    wait_for(
        lambda: pacer.admit("number", Report("other", 0, {}, wanted=9, limit=9)) >= 5,
        what="five of the eight that were answered count no more",
    )


def test_a_sender_that_is_silent_is_forgotten_and_one_that_says_it_again_counts_once() -> None:
    state, admitted = admit(LastSecond(), Report("one", 0, {}, 7, 10), START)
    state, again = admit(state, Report("one", 7, {}, 7, 10), START)
    assert (admitted, again) == (7, 3)
    _, while_heard_of = admit(state, Report("other", 0, {}, 10, 10), START + FORGET_AFTER - 1)
    _, forgotten = admit(state, Report("other", 0, {}, 10, 10), START + FORGET_AFTER)
    assert (while_heard_of, forgotten) == (0, 10)


@given(st.lists(st.tuples(reports, st.integers(-5 * SECOND, 5 * SECOND)), max_size=20))
def test_the_last_second_survives_its_column_and_any_clock(some: list[tuple[Any, int]]) -> None:
    state, now = LastSecond(), START
    for each, step in some:
        now += step
        state, admitted = admit(state, report := Report(*each), now)
        assert 0 <= admitted <= report.wanted
        assert LastSecond.from_text(state.as_text()) == state
        assert all(now < until <= bucket(now + SECOND) for until in state.answered)


def kept(client: redis.Redis) -> State:
    raw: Any = client.hmget("agree:number", ["last_at", "slow_until", "factor"])
    last_at, slow_until, factor = raw
    return State(int(last_at or 0), int(slow_until or 0), float(factor or 1))


def test_a_flushed_redis_goes_on_from_now(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    pacer = RedisPacer(client, "flushed:")
    pacer.reserve("number", 50, 10.0, 5.0)
    client.delete("flushed:number")
    after = pacer.reserve("number", 1, 10.0, 0.0)
    assert after.first_at == after.now
    client.close()


def test_a_key_that_is_no_longer_used_leaves_redis_by_itself(valkey_url: str) -> None:
    client = redis.Redis.from_url(valkey_url)
    RedisPacer(client, "ttl:").reserve("number", 1, 10.0, 0.0)
    ttl: Any = client.ttl("ttl:number")
    assert 0 < ttl <= 61
    client.close()


def test_a_closed_pacer_opens_again_when_used(tmp_path: Path) -> None:
    pacer = SqlitePacer(tmp_path / "pace.sqlite")
    pacer.close()
    pacer.close()
    assert pacer.reserve("number", 1, 1.0, 0.0).count == 1


def test_a_failure_inside_leaves_the_file_unlocked(tmp_path: Path) -> None:
    def broken() -> int:
        raise RuntimeError("no clock")

    with pytest.raises(RuntimeError):
        SqlitePacer(tmp_path / "pace.sqlite", clock=broken).reserve("number", 1, 1.0, 0.0)
    assert SqlitePacer(tmp_path / "pace.sqlite").reserve("number", 1, 1.0, 0.0).count == 1

"""The pace of one number in several processes, the journal and the verdicts: parts of sending by themselves."""

import asyncio
import math
import os
import time
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adsapp.campaigns.consequences import Effect
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import journal
from adsapp.campaigns.sending.error_policy import judge
from adsapp.campaigns.sending.journal import Journal
from adsapp.integrations.base import Accepted, NotSent, Refused, Uncertain
from adsapp.integrations.pacing import Admission, Report
from adsapp.integrations.whatsapp.errors import classify
from adsapp.outbound.gate import Gate
from adsapp.outbound.transport import NotWritten
from tests.campaigns.sending.many_senders import Play, busiest_second

a_stall = st.tuples(st.floats(0, 8), st.floats(0.2, 5))
LIMITS = [12.5, 20.0, 80.0]


@given(
    limit=st.sampled_from(LIMITS),
    stalls=st.lists(st.lists(a_stall, max_size=3), min_size=1, max_size=4),
    provider_stalls=st.lists(a_stall, max_size=2),
    seed=st.integers(0, 10_000),
)
@example(limit=12.5, stalls=[[]], provider_stalls=[(0.0, 1.25), (1.25, 1.25)], seed=0)  # nothing else to go by at first
@settings(max_examples=40, derandomize=True)
def test_no_second_has_too_many_whichever_process_or_provider_stalls(
    limit: float, stalls: list[list[tuple[float, float]]], provider_stalls: list[tuple[float, float]], seed: int
) -> None:
    arrivals = Play(limit, stalls, provider_stalls, seed).run(10)
    assert busiest_second(arrivals) <= math.ceil(limit)


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("limit", LIMITS)
def test_the_limit_is_used_and_shared_if_nothing_stalls(limit: float, processes: int) -> None:
    play = Play(limit, [()] * processes, (), seed=processes)
    arrivals = play.run(40)
    assert busiest_second(arrivals) <= math.ceil(limit)
    assert share_of(limit, arrivals, 2, 40) >= 0.96
    shares = [process.arrived * processes / len(arrivals) for process in play.processes]
    assert all(0.75 < share < 1.25 for share in shares)


@pytest.mark.parametrize("processes", [2, 4])
@pytest.mark.parametrize("limit", LIMITS)
def test_what_a_stopped_process_leaves_is_used_by_the_others(limit: float, processes: int) -> None:
    stops = [[(begin, 2.6) for begin in range(2 + 5 * place, 40, 5 * processes)] for place in range(processes)]
    arrivals = Play(limit, stops, (), seed=processes).run(40)
    assert busiest_second(arrivals) <= math.ceil(limit)
    assert share_of(limit, arrivals, 2, 40) >= 0.95


def test_a_process_that_is_killed_slows_its_number_for_ten_seconds_at_most() -> None:
    arrivals = Play(80.0, [(), [(3.0, 1000.0)]], (), seed=1).run(20)
    assert share_of(80.0, arrivals, 14, 20) >= 0.96


def share_of(limit: float, arrivals: Sequence[float], since: float, until: float) -> float:
    return sum(since <= at < until for at in arrivals) / (limit * (until - since))


class Away:
    """A pacer that cannot be reached so many times; then it admits all."""

    def __init__(self, times: int, wait: float = 0.0) -> None:
        self.times = times
        self.wait = wait

    def admit(self, report: Report) -> Admission:
        self.times -= 1
        if self.times >= 0:
            raise ConnectionError("away")
        return Admission(0 if self.wait else report.wanted, self.wait)


async def entered(gate: Gate, *owners: str) -> list[float | None]:
    """Since when each is admitted; nothing is written."""
    since = await asyncio.gather(*(gate.enter(owner) for owner in owners))
    for _ in filter(None, since):
        gate.leave(None, time.monotonic())
    while not gate.window.is_at_rest:  # until the others know
        await asyncio.sleep(0.005)
    return since


def test_nobody_is_admitted_while_the_pacer_is_away() -> None:
    with ThreadPoolExecutor(1) as executor:
        away = Away(2)
        since = asyncio.run(entered(Gate(80, away.admit, executor), "one", "other"))
    assert away.times < 0
    assert None not in since


@pytest.mark.parametrize("pacer", [Away(1000), Away(0, wait=60.0)])
def test_whoever_would_wait_for_long_is_turned_away_and_told_when_the_gate_opens(pacer: Away) -> None:
    with ThreadPoolExecutor(1) as executor:
        gate = Gate(80, pacer.admit, executor)
        assert asyncio.run(entered(gate, "one", "one")) == [None, None]
        assert gate.opens_at > time.monotonic() + 1.5


def test_only_those_of_one_owner_are_turned_away_also_while_it_is_asked_for_them() -> None:
    async def with_one_gone(executor: ThreadPoolExecutor) -> list[float | None]:
        loop = asyncio.get_running_loop()

        def admit(report: Report) -> Admission:
            loop.call_soon_threadsafe(gate.turn_away, "gone")
            return Admission(report.wanted)

        gate = Gate(80, admit, executor)
        return await entered(gate, "gone", "here")

    with ThreadPoolExecutor(1) as executor:
        gone, here = asyncio.run(with_one_gone(executor))
    assert gone is None
    assert here is not None


def test_a_journal_outlives_its_process_and_tells_who_was_written_to(tmp_path: Path) -> None:
    lease = uuid.uuid4()
    child = os.fork()
    if child == 0:
        kept = Journal(tmp_path, lease)
        kept.note(7)
        kept.note(12)
        os.kill(os.getpid(), 9)
    os.waitpid(child, 0)
    assert journal.read(tmp_path, lease) == frozenset({7, 12})
    journal.forget(tmp_path, lease)
    assert journal.read(tmp_path, lease) is None


def test_a_journal_of_another_start_of_the_machine_tells_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lease = uuid.uuid4()
    kept = Journal(tmp_path, lease)
    kept.note(7)
    kept.leave()
    monkeypatch.setattr(journal, "boot_id", lambda: "another")
    assert journal.read(tmp_path, lease) is None


def test_a_journal_is_gone_once_all_is_settled(tmp_path: Path) -> None:
    kept = Journal(tmp_path, uuid.uuid4())
    kept.note(7)
    kept.close()
    assert list((tmp_path / "sending").iterdir()) == []


@pytest.mark.parametrize(
    "code, attempts, status, effect",
    [
        (131000, 1, Status.PENDING, Effect.NONE),
        (131000, 3, Status.FAILED, Effect.NONE),
        (1, 2, Status.FAILED, Effect.NONE),
        (131056, 1, Status.PENDING, Effect.NONE),
        (130429, 3, Status.PENDING, Effect.SLOW),
        (131049, 1, Status.FAILED, Effect.NONE),
        (131026, 1, Status.FAILED, Effect.NONE),
        (131050, 1, Status.FAILED, Effect.OPT_OUT),
        (132000, 1, Status.FAILED, Effect.COUNT),
        (132015, 1, Status.FAILED, Effect.PAUSE),
        (190, 1, Status.PENDING, Effect.REFUSE),
    ],
)
def test_each_class_of_error_has_its_verdict(code: int, attempts: int, status: Status, effect: Effect) -> None:
    verdict = judge(Refused(classify({"error": {"code": code, "message": "m"}})), attempts)
    assert (verdict.status, verdict.effect) == (status, effect)


def test_what_was_not_written_counts_as_no_attempt() -> None:
    assert judge(NotSent("refused"), 1).counts is False
    assert judge(NotWritten(), 1).status is Status.SENDING
    assert judge(Uncertain("timeout"), 1).status is Status.UNCERTAIN
    assert judge(Accepted("wamid.1"), 1).provider_id == "wamid.1"

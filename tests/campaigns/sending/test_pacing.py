"""The pace of one number in several processes, the journal and the verdicts: parts of sending by themselves."""

import asyncio
import math
import os
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adsapp.campaigns.consequences import Effect
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import journal
from adsapp.campaigns.sending.error_policy import judge
from adsapp.campaigns.sending.gate import Gate
from adsapp.campaigns.sending.journal import Journal
from adsapp.campaigns.sending.transport import MissedSlot
from adsapp.integrations.base import Accepted, NotSent, Refused, Uncertain
from adsapp.integrations.pacing import Report
from adsapp.integrations.whatsapp.errors import classify
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
@settings(max_examples=40, deadline=None, derandomize=True)
def test_no_second_has_too_many_whichever_process_or_provider_stalls(
    limit: float, stalls: list[list[tuple[float, float]]], provider_stalls: list[tuple[float, float]], seed: int
) -> None:
    arrivals = Play(limit, stalls, provider_stalls, seed).run(10)
    assert busiest_second(arrivals) <= math.ceil(limit)


@pytest.mark.parametrize("processes", [1, 2, 4])
@pytest.mark.parametrize("limit", LIMITS)
def test_the_limit_is_used_if_nothing_stalls(limit: float, processes: int) -> None:
    arrivals = Play(limit, [()] * processes, (), seed=processes).run(20)
    assert busiest_second(arrivals) <= math.ceil(limit)
    assert sum(at >= 2 for at in arrivals) >= 0.95 * limit * 18


def test_a_process_that_is_killed_slows_its_number_for_ten_seconds_at_most() -> None:
    arrivals = Play(80.0, [(), [(3.0, 1000.0)]], (), seed=1).run(20)
    assert sum(at >= 14 for at in arrivals) >= 0.45 * 80 * 6  # half of the slots are its own in this play


class Away:
    """A pacer that cannot be reached at first."""

    def __init__(self) -> None:
        self.calls = 0

    def admit(self, report: Report) -> int:
        self.calls += 1
        if self.calls == 1:
            raise ConnectionError("away")
        return report.wanted


def test_nobody_is_admitted_while_the_pacer_is_away_nor_after_a_slot_that_is_long_past() -> None:
    async def both() -> tuple[bool, bool]:
        with ThreadPoolExecutor(1) as executor:
            away = Away()
            gate, now = Gate(80, away.admit, executor), time.monotonic()
            late, admitted = await asyncio.gather(gate.enter(now - 20), gate.enter(now))
            assert away.calls >= 2
            gate.leave(None, time.monotonic())
            while not gate.window.is_at_rest:  # until the others know
                await asyncio.sleep(0.005)
            return late, admitted

    assert asyncio.run(both()) == (False, True)


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
    assert judge(MissedSlot(), 1).status is Status.SENDING
    assert judge(Uncertain("timeout"), 1).status is Status.UNCERTAIN
    assert judge(Accepted("wamid.1"), 1).provider_id == "wamid.1"

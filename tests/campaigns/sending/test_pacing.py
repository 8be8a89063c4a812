"""The window, the journal and the verdicts: pure parts of sending."""

import asyncio
import math
import os
import time
import uuid
from pathlib import Path
from typing import cast

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending import journal
from adsapp.campaigns.sending.error_policy import Effect, judge
from adsapp.campaigns.sending.journal import Journal
from adsapp.campaigns.sending.rate_window import HEADROOM, Window
from adsapp.campaigns.sending.transport import Lane, MissedSlot, Results, _wait_for_slot
from adsapp.integrations.base import Accepted, NotSent, Refused, Send, Uncertain
from adsapp.integrations.whatsapp.errors import classify

stalls = st.lists(st.tuples(st.floats(0, 8), st.floats(0, 1.5)), max_size=4)


@given(limit=st.sampled_from([12.5, 20.0, 80.0, 200.0]), stalls=stalls, seed=st.integers(0, 10_000))
@example(limit=12.5, stalls=[(0.0, 1.25), (1.25, 1.25)], seed=0)  # nothing but stalled answers to go by at first
@settings(max_examples=60, deadline=None, derandomize=True)
def test_no_stall_makes_one_sender_exceed_the_limit_in_any_second(
    limit: float, stalls: list[tuple[float, float]], seed: int
) -> None:
    """A server that stops reading for a while gets what piled up all at once; it arrives in order all the same. Of two
    stalls one after the other, it reads what is there in between."""
    window, arrivals = Window(limit), list[float]()
    pending: list[tuple[float, float, float]] = []  # answered at, slot, posted
    now, number = 0.0, 0
    while now < 10:
        now += 1 / window.rate
        number += 1
        for answered, slot, posted in [one for one in pending if one[0] <= now]:
            window.answer(slot, posted, answered)
        pending = [one for one in pending if one[0] > now]
        window.hold_slot(now)
        if not window.has_room(now):
            continue
        window.post()
        travel = 0.02 + ((number * 7919 + seed) % 100) / 10_000
        arrived = max(
            [now + travel / 2, *(begin + long for begin, long in stalls if begin <= now + travel / 2 <= begin + long)]
        )
        arrived = max(arrived, arrivals[-1] if arrivals else 0.0)
        arrivals.append(arrived)
        pending.append((arrived + travel / 2, now, now))
        pending.sort()
    busiest = max(sum(1 for other in arrivals if at - 1 < other <= at) for at in arrivals)
    assert busiest <= math.ceil(limit) + 1  # slots at both ends of a second


def test_even_answers_leave_the_whole_pace() -> None:
    window = Window(80)
    now = 0.0
    for number in range(1200):
        now = number / (80 * HEADROOM)
        window.hold_slot(now)
        assert window.has_room(now) or now < 2  # until it is known what an answer takes
        window.post()
        window.answer(now, now, now + 0.1)
    assert window.rate == pytest.approx(80 * HEADROOM)


def test_slots_that_a_stopped_process_missed_make_no_room(tmp_path: Path) -> None:
    window, now = Window(2), time.monotonic()
    line = Lane(cast(Send, None), window, Journal(tmp_path, uuid.uuid4()), Results(), lambda: False)
    assert not any(asyncio.run(_wait_for_slot(line, now - seconds)) for seconds in range(20, 0, -1))
    for _ in range(3):
        window.post()
    assert not window.has_room(time.monotonic())


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

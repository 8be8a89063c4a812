"""What an organization holds back: the pauses of a queue, and how many waiting jobs stand behind them."""

from collections.abc import Mapping
from typing import Any

from adsapp.core.clock import iso
from adsapp.jobs.states import Queue, State
from adsapp.jobs.statistics import counted_by_kind
from adsapp.jobs.waiting import Circumstances, Pause


def held_back(around: Circumstances) -> Mapping[Queue, int]:
    """Of the waiting jobs of each queue, those that a pause holds; from the counters."""
    held = dict.fromkeys(Queue, 0)
    if not around.pauses and not around.kinds:
        return held
    for (queue, processor, state), count in counted_by_kind().items():
        is_held = queue in around.pauses or (queue, processor) in around.kinds
        held[queue] += count if is_held and state == State.WAITING else 0
    return held


def pause_json(pause: Pause | None) -> dict[str, Any] | None:
    """A pause for programs; `until` None: until somebody resumes it. None where nothing is paused."""
    if pause is None:
        return None
    return {
        "by": pause.by,
        "reason": pause.reason,
        "at": iso(pause.paused_at),
        "until": iso(pause.paused_until),
    }

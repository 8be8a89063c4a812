"""What becomes of an accepted message: which statuses and replies follow, and when. Pure and deterministic."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from adsapp.sandbox.config import Timing
from adsapp.sandbox.whatsapp.ids import reads_messages


@dataclass(frozen=True, slots=True)
class Step:
    """`after`: seconds from acceptance. kind: `status`, `reply`, `tap` or `stop_marketing`."""

    after: float
    kind: str
    status: str = ""
    error: int = 0


def journey(digits: str, timing: Timing, *, habit: str = "", fail: int = 0, skip_delivered: bool = False) -> list[Step]:
    """The steps of one message, in the right order. fail: code of the failure it ends with."""
    if habit == "delivered_after_failed":
        return [
            _status(timing.sent, "sent"),
            _status(timing.delivered, "failed", fail),
            _status(timing.delivered * 2, "delivered"),
        ]
    if fail:
        return [_status(timing.held if habit == "held" else timing.sent, "failed", fail)]
    steps = _good(digits, timing, habit, skip_delivered)
    if habit == "held":
        return [replace(step, after=step.after + timing.held) for step in steps]
    return steps + _answers(timing, habit)


def _status(after: float, name: str, error: int = 0) -> Step:
    return Step(after, "status", name, error)


def _good(digits: str, timing: Timing, habit: str, skip_delivered: bool) -> list[Step]:
    reads = habit == "read_only" or reads_messages(digits)
    steps = [_status(timing.sent, "sent")]
    # "delivered" may be left out only if "read" follows, which implies it.
    if not (habit == "read_only" or (skip_delivered and reads)):
        steps.append(_status(timing.delivered, "delivered"))
    if reads:
        steps.append(_status(timing.read, "read"))
    return steps


_HABITS = {"replies_stop": "reply", "taps": "tap", "stops_marketing": "stop_marketing"}


def _answers(timing: Timing, habit: str) -> list[Step]:
    return [Step(timing.reply, _HABITS[habit])] if habit in _HABITS else []


def out_of_order(steps: Sequence[Step], turn: int) -> list[Step]:
    """The same steps with their times rotated, so that they come in a wrong order; `turn` says by how much."""
    if len(steps) < 2:
        return list(steps)
    by = 1 + turn % (len(steps) - 1)
    times = [step.after for step in steps]
    return [replace(step, after=times[(i + by) % len(times)]) for i, step in enumerate(steps)]

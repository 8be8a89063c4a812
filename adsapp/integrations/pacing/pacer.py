"""What keeps a number to its rate, whichever storage its processes share."""

from dataclasses import dataclass
from typing import Protocol

from adsapp.integrations.pacing import last_second, spacing
from adsapp.integrations.pacing.last_second import LastSecond, Report
from adsapp.integrations.pacing.spacing import SECOND, Spacing


@dataclass(frozen=True, slots=True)
class Admission:
    """How many of the wanted requests may be written now. If none, and only because the next slot is still to come:
    `wait` seconds until it does."""

    count: int
    wait: float = 0.0


class Pacer(Protocol):
    """Keeps a key (one sending number) to its rate, whoever asks.

    Raises `ValueError` for a rate that makes no sense, and the storage's own error if it cannot be reached: without its
    limiter a sender must not send.
    """

    def admit(self, key: str, report: Report) -> Admission:
        """How many of the requests that a sender wants to write now it may write, so that no second has too many.

        A sender reports about a key one call after the other, and once more when its last request was answered.
        """
        ...

    def slow_down(self, key: str, seconds: float, factor: float) -> None:
        """Multiply the key's rate by `factor` for so many seconds; 0 stops it.

        While an earlier penalty holds, the later end and the smaller factor win.
        """
        ...


def admit(spaced: Spacing, counted: LastSecond, report: Report, now: int) -> tuple[Spacing, LastSecond, Admission]:
    """What to keep of a key, and what its sender may do. Pure; the Redis script does exactly this."""
    counted, room = last_second.count(counted, report, now)
    wanted, admitted, wait = min(report.wanted, room), 0, 0
    if wanted:
        spaced, admitted, wait = spacing.take(spaced, wanted, report.rate, now)
    return spaced, last_second.with_held(counted, report, admitted, now), Admission(admitted, wait / SECOND)

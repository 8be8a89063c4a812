"""What keeps a number to its rate, whichever storage its processes share."""

from typing import Protocol

from adsapp.integrations.pacing.arithmetic import Reservation
from adsapp.integrations.pacing.last_second import Report


class Pacer(Protocol):
    """Keeps a key (one sending number) to its rate, whoever asks.

    Raises `ValueError` for a rate or horizon that makes no sense, and the storage's own error if it cannot
    be reached: without its limiter a sender must not send.
    """

    def reserve(self, key: str, count: int, rate: float, horizon: float) -> Reservation:
        """Up to `count` slots, perhaps none, that begin within `horizon` (at most 60) seconds."""
        ...

    def admit(self, key: str, report: Report) -> int:
        """How many of the requests that a sender wants to write now it may write, so that no second has too many.

        A sender reports about a key one call after the other, and once more when its last request was answered.
        """
        ...

    def slow_down(self, key: str, until: float, factor: float) -> None:
        """Multiply the key's rate by `factor` until `until` (the limiter's clock, as in `Reservation.now`); 0
        stops it.

        While an earlier penalty holds, the later end and the smaller factor win. Slots given out already stay
        valid.
        """
        ...


def slow_down_for(pacer: Pacer, key: str, rate: float, seconds: float, factor: float) -> None:
    """Slow the key down from now on. The limiter's clock is asked by way of a slot, so this costs one slot at most."""
    now = pacer.reserve(key, 1, rate, 0.0).now
    pacer.slow_down(key, now + seconds, factor)

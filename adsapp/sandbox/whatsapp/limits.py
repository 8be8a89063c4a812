"""The provider's limit for one pair as arithmetic. There is no clock here: every call is given the time, in seconds.

The throughput of a number is a `MovingWindow`. Source: the provider's "Pair rate limits" (Cloud API).
"""

PAIR_INTERVAL = 6.0
PAIR_BURST = 45
PAIR_BURST_SPAN = 6.0
_PAIRS_KEPT = 100_000


class PairRate:
    """One message to one person every 6 seconds; a burst of up to 45 within 6 seconds is paid back by waiting."""

    def __init__(self) -> None:
        self._pairs: dict[str, tuple[float, int]] = {}

    def has_room(self, recipient: str, now: float) -> bool:
        start, count = self._pairs.get(recipient, (0.0, 0))
        if now >= start + PAIR_INTERVAL * count:
            return True
        return now - start < PAIR_BURST_SPAN and count < PAIR_BURST

    def take(self, recipient: str, now: float) -> None:
        start, count = self._pairs.get(recipient, (0.0, 0))
        paid_back = now >= start + PAIR_INTERVAL * count
        self._pairs[recipient] = (now, 1) if paid_back else (start, count + 1)
        if len(self._pairs) > _PAIRS_KEPT:
            self._forget_the_free(now)

    def room_in(self, recipient: str, now: float) -> float:
        """Seconds until one more may go to this person."""
        if self.has_room(recipient, now):
            return 0.0
        start, count = self._pairs[recipient]
        return start + PAIR_INTERVAL * count - now

    def _forget_the_free(self, now: float) -> None:
        self._pairs = {
            who: (start, count) for who, (start, count) in self._pairs.items() if now < start + PAIR_INTERVAL * count
        }

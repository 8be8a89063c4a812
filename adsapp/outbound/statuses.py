"""How far a campaign or an e-mail is, and how many of its people are in each status."""

import uuid
from collections import Counter
from collections.abc import Iterable
from enum import StrEnum


class OutboundStatus(StrEnum):
    """Of a campaign or an e-mail as a whole; each of its people has a status of their own."""

    SCHEDULED = "scheduled"
    PREPARING = "preparing"  # its audience is being frozen
    SENDING = "sending"
    PAUSED = "paused"
    COMPLETED = "completed"
    CANCELLED = "cancelled"
    FAILED = "failed"

    @property
    def goes_out(self) -> bool:
        """True while it is prepared or sent."""
        return self in (OutboundStatus.PREPARING, OutboundStatus.SENDING)

    @property
    def is_running(self) -> bool:
        """True while it goes out or waits for its time: it can be paused."""
        return self.goes_out or self is OutboundStatus.SCHEDULED

    @property
    def has_ended(self) -> bool:
        """True for good, unless people who failed are given back to it."""
        return self in (OutboundStatus.COMPLETED, OutboundStatus.CANCELLED, OutboundStatus.FAILED)


def people_by_status(
    ids: Iterable[uuid.UUID], rows: Iterable[tuple[uuid.UUID, StrEnum, int]]
) -> dict[uuid.UUID, Counter[str]]:
    """Of each campaign or e-mail: its people in each status, summed over rows of counters (its id, status, people)."""
    sums: dict[uuid.UUID, Counter[str]] = {each: Counter() for each in ids}
    for its_id, status, people in rows:
        sums[its_id][status.value] += people
    return sums

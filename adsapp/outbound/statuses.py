"""How far a campaign or an e-mail is."""

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

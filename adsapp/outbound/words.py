"""Words that campaigns and e-mails have in common."""

from typing import Final

from adsapp.core.words import plural
from adsapp.outbound.statuses import OutboundStatus

NOBODY_TWICE: Final = "Nobody who already got it gets it again."
STANDS: Final = {
    OutboundStatus.PAUSED: "It is paused",
    OutboundStatus.FAILED: "It stopped",
    OutboundStatus.CANCELLED: "It was cancelled",
}


def people(count: int) -> str:
    """1 person, 1,958 people."""
    return plural(count, "person", "people")


def with_reason(what: str, reason: str | None) -> str:
    """What happened and why, nothing of it twice: "It is paused by Alice", "It is paused: a mistake in the text"."""
    if not reason:
        return what
    rest = reason.removeprefix(what.rsplit(" ", 1)[-1])
    if rest != reason and (not rest or rest.startswith(" by ")):
        return what + rest
    return f"{what}: {reason}"


def why_it_stands(status: OutboundStatus, reason: str | None) -> str:
    """That it is paused, stopped or cancelled, and why."""
    return with_reason(STANDS[status], reason)

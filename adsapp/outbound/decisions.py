"""What a person decides of those of whom nobody knows whether they got a message."""

from dataclasses import dataclass
from typing import Final

from adsapp.core.errors import Invalid

SEND_AGAIN: Final = "send_again"
ASSUME_DELIVERED: Final = "assume_delivered"


@dataclass(frozen=True)
class Decision:
    """How many recipients a decision changed."""

    count: int


def check(decision: str) -> None:
    """Raises Invalid (field `decision`) for anything else than the two."""
    if decision not in (SEND_AGAIN, ASSUME_DELIVERED):
        raise Invalid.field("decision", f"should be {SEND_AGAIN} or {ASSUME_DELIVERED}")

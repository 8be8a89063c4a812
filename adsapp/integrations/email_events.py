"""What a provider of e-mail reports: what became of an e-mail, and which addresses it writes to no more. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class ReportKind(StrEnum):
    """What became of an e-mail."""

    SENT = "sent"
    DELAYED = "delayed"  # a soft bounce: it is tried again by the provider
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"  # for good
    COMPLAINED = "complained"
    FAILED = "failed"
    SUPPRESSED = "suppressed"  # the provider sent nothing: it had heard of a bounce or a complaint before


@dataclass(frozen=True, slots=True)
class EmailReport:
    """One step of one e-mail, at the provider's time. `reference` is what we sent along, "" if it did not come back;
    `address` is the first one it went to; `detail` says why, in the provider's words."""

    kind: ReportKind
    provider_id: str
    reference: str
    address: str
    at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class SuppressionReport:
    """An address was put on the provider's list, or taken off. `origin`: bounce, complaint or manual."""

    address: str
    added: bool
    origin: str
    at: datetime


@dataclass(frozen=True, slots=True)
class UnknownReport:
    """Something this version does not know. It is kept with its delivery and changes nothing."""

    what: str


Report = EmailReport | SuppressionReport | UnknownReport

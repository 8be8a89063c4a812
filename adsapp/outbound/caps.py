"""What whoever runs the installation lets an organization send at most, all its numbers or e-mail accounts together.

It comes on top of the pace of each account: a request is written when both have let it through. The pacer keeps one
count for the organization, to which each gate of each process reports as a sender of its own.
"""

import uuid
from dataclasses import dataclass, replace

from adsapp.core import db
from adsapp.integrations.pacing import Admission, Pacer, Report
from adsapp.integrations.pacing.spacing import SLOWEST
from adsapp.organizations.queries import OPERATOR, caps


@dataclass(frozen=True)
class Cap:
    """So many requests a second, counted under this key."""

    key: str
    rate: float


def cap_on_messages() -> Cap | None:
    """The cap on this organization's WhatsApp messages; None without one."""
    most = caps().messages_per_second
    return None if most is None else Cap(f"organization:{_own()}:messages", max(SLOWEST, most))


def cap_on_emails(batch_size: int) -> Cap | None:
    """The cap on this organization's e-mails as requests of so many e-mails each; None without one."""
    most = caps().emails_per_second
    return None if most is None else Cap(f"organization:{_own()}:emails", max(SLOWEST, most / batch_size))


def capped(rate: float, cap: Cap | None) -> float:
    """How many requests an account of this rate may write a second."""
    return min(rate, cap.rate) if cap else rate


def why_slow(rate: float, cap: Cap | None, own: str) -> str:
    """Whose limit it is that holds an account of this rate back; `own` says that it is the account's."""
    return f"{OPERATOR} lets this organization send no faster" if capped(rate, cap) < rate else own


def _own() -> uuid.UUID:
    return db.require_organization_id()


class Admitter:
    """Asks the pacer for one account, and then for its organization if that has a cap."""

    def __init__(self, pacer: Pacer, key: str) -> None:
        self._pacer = pacer
        self._key = key
        self.cap: Cap | None = None

    def __call__(self, report: Report) -> Admission:
        """How many may be written now.

        In this order nothing of the cap is lost: asked first, an account with much to send would take more of it than
        it may write. What the account was admitted in vain, the next report gives back.
        """
        own = self._pacer.admit(self._key, report)
        cap = self.cap
        if cap is None:
            return own
        whole = self._pacer.admit(cap.key, replace(report, wanted=own.count, rate=cap.rate))
        return Admission(whole.count, 0.0 if whole.count else max(own.wait, whole.wait))

"""What is known of one e-mail to one person, from reports in any order and however often. Pure.

Each report sets the moment of its step, the earliest one counts, and the status follows from the moments alone. So the
order of reports changes nothing, and neither does a report that comes twice.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.integrations.email_events import EmailReport, ReportKind

# A step, and what must have happened before it: whoever complains has got it.
_STEPS: Final = {
    ReportKind.SENT: ("accepted_at", "sent_at"),
    ReportKind.DELAYED: ("accepted_at", "delayed_at"),
    ReportKind.DELIVERED: ("accepted_at", "sent_at", "delivered_at"),
    ReportKind.OPENED: ("accepted_at", "sent_at", "delivered_at", "opened_at"),
    ReportKind.CLICKED: ("accepted_at", "sent_at", "delivered_at", "opened_at", "clicked_at"),
    ReportKind.BOUNCED: ("accepted_at", "sent_at", "bounced_at"),
    ReportKind.COMPLAINED: ("accepted_at", "sent_at", "delivered_at", "complained_at"),
    ReportKind.FAILED: ("accepted_at", "failed_at"),
    ReportKind.SUPPRESSED: ("accepted_at", "failed_at"),
}
# The first of these that has a moment is the status. A mail server may take an e-mail and send it back a minute later,
# so a bounce counts for more than a delivery; but whoever opened it has it.
_RANKS: Final = (
    ("complained_at", Status.COMPLAINED),
    ("clicked_at", Status.CLICKED),
    ("opened_at", Status.OPENED),
    ("bounced_at", Status.BOUNCED),
    ("delivered_at", Status.DELIVERED),
    ("failed_at", Status.FAILED),
    ("sent_at", Status.SENT),
    ("accepted_at", Status.ACCEPTED),
)
MOMENTS: Final = tuple(dict.fromkeys(name for names in _STEPS.values() for name in names))
_CODES: Final = {
    Status.BOUNCED: ("bounced",),
    Status.COMPLAINED: ("complained",),
    Status.FAILED: ("suppressed", "failed"),
}
_CODE_OF: Final = {
    ReportKind.BOUNCED: "bounced",
    ReportKind.COMPLAINED: "complained",
    ReportKind.FAILED: "failed",
    ReportKind.SUPPRESSED: "suppressed",
}


@dataclass(frozen=True, slots=True)
class Known:
    """When one e-mail reached each step (the provider's clock, UTC), and why it did not arrive, by code."""

    accepted_at: datetime | None = None
    sent_at: datetime | None = None
    delayed_at: datetime | None = None
    delivered_at: datetime | None = None
    opened_at: datetime | None = None
    clicked_at: datetime | None = None
    bounced_at: datetime | None = None
    complained_at: datetime | None = None
    failed_at: datetime | None = None
    error_code: str = ""
    error_message: str | None = None

    @property
    def status(self) -> Status:
        """What the moments say; accepted if they say nothing."""
        return next((status for name, status in _RANKS if getattr(self, name) is not None), Status.ACCEPTED)


def merge(known: Known, report: EmailReport) -> Known:
    """`known` with a report worked in; the very same object if it adds nothing."""
    moved: dict[str, Any] = {
        name: report.at for name in _STEPS[report.kind] if (own := getattr(known, name)) is None or report.at < own
    }
    after = replace(known, **moved) if moved else known
    code, message = _why(after, report)
    if (code, message) == (after.error_code, after.error_message):
        return after
    return replace(after, error_code=code, error_message=message)


def _why(known: Known, report: EmailReport) -> tuple[str, str | None]:
    """The reason that belongs to the status: of two for one status the first in its list, of two texts the one that
    comes first in the alphabet, so that the order of reports does not matter."""
    codes = _CODES.get(known.status, ())
    told = [(known.error_code, known.error_message), (_CODE_OF.get(report.kind, ""), report.detail or None)]
    fitting = [(codes.index(code), message or "", code) for code, message in told if code in codes]
    if not fitting:
        return "", None
    _, message, code = min(fitting)
    return code, message or None

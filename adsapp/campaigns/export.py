"""The people of a campaign as CSV, made chunk by chunk: memory stays flat however many there are."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Final

from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.reasons import explain
from adsapp.core.clock import iso

CHUNK: Final = 500
HEADER: Final = (
    "name", "phone", "status", "code", "reason", "attempts",
    "accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "replied_at",
)  # fmt: skip
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_PHONE = re.compile(r"^\+\d+$")


def head() -> str:
    """The first line; with a mark before it, because Excel reads UTF-8 only so."""
    return "\ufeff" + _csv([HEADER])


def rows(recipients: Sequence[CampaignRecipient]) -> str:
    """One line for each."""
    return _csv([_row(recipient) for recipient in recipients])


def harmless(text: str) -> str:
    """A cell that no spreadsheet runs as a formula. A phone of + and digits stays, so that it can be imported again."""
    if _FORMULA.match(text) and not _PHONE.match(text):
        return "'" + text
    return text


def _row(recipient: CampaignRecipient) -> list[str]:
    reason = explain(recipient.error_code).title if recipient.error_code else ""
    moments = (
        recipient.accepted_at, recipient.sent_at, recipient.delivered_at,
        recipient.read_at, recipient.failed_at, recipient.replied_at,
    )  # fmt: skip
    plain = (recipient.name, recipient.phone, recipient.status.value, recipient.error_code, reason)
    return [*map(harmless, plain), str(recipient.attempts), *(iso(moment) or "" for moment in moments)]


def _csv(records: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(records)
    return out.getvalue()

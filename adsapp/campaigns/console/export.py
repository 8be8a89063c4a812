"""The people of a campaign as CSV, made chunk by chunk: memory stays flat however many there are."""

from collections.abc import Sequence
from typing import Final

from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.reasons import explain
from adsapp.core.clock import iso
from adsapp.core.spreadsheets import MARK, harmless, lines, readable_phone

CHUNK: Final = 500
HEADER: Final = (
    "name", "phone", "status", "code", "reason", "attempts",
    "accepted_at", "sent_at", "delivered_at", "read_at", "failed_at", "replied_at",
    "wa_user_id", "price_category", "price_type", "price_model", "billable",
)  # fmt: skip


def head() -> str:
    """The first line; with a mark before it, because Excel reads UTF-8 only so."""
    return MARK + lines([HEADER])


def rows(recipients: Sequence[CampaignRecipient]) -> str:
    """One line for each."""
    return lines([_row(recipient) for recipient in recipients])


def _row(recipient: CampaignRecipient) -> list[str]:
    reason = explain(recipient.error_code).title if recipient.error_code else ""
    moments = (
        recipient.accepted_at, recipient.sent_at, recipient.delivered_at,
        recipient.read_at, recipient.failed_at, recipient.replied_at,
    )  # fmt: skip
    plain = (recipient.name, readable_phone(recipient.phone), recipient.status.value, recipient.error_code, reason)
    told = (recipient.wa_user_id, recipient.price_category, recipient.price_type, recipient.price_model)
    billable = {True: "yes", False: "no", None: ""}[recipient.billable]
    return [
        *map(harmless, plain),
        str(recipient.attempts),
        *(iso(moment) or "" for moment in moments),
        *(harmless(each or "") for each in told),
        billable,
    ]

"""What is counted of messages and e-mails: what becomes of them, how fast they may go, and when a provider objects."""

from collections import Counter
from collections.abc import Iterable

from adsapp.core import db
from adsapp.core.observing.metrics import LONG_SECONDS, Instrument, counter, gauge, histogram

MESSAGES = counter("adsapp_messages_total", "Messages that came into a status", "status")
EMAILS = counter("adsapp_emails_total", "E-mails that came into a status, each recipient one", "status")
THROTTLED = counter("adsapp_throttled_total", "Times a provider said that it is too fast", "channel")
WEBHOOKS = counter("adsapp_webhooks_total", "Deliveries of a provider that were stored", "channel")
LAG = histogram(
    "adsapp_webhook_lag_seconds", "From when a delivery was stored to when it was applied", "channel",
    buckets=LONG_SECONDS,
)  # fmt: skip
LIMIT = gauge("adsapp_send_limit_per_second", "What the accounts together may send that this process sends for")

WHATSAPP, EMAIL = "whatsapp", "email"


def count_statuses(of: Instrument, statuses: Iterable[str]) -> None:
    """So many came into these statuses, once that is committed."""
    if of.real is None:
        return
    found = Counter(statuses)

    def count() -> None:
        for status, number in found.items():
            of.add(number, status=status)

    db.after_commit(count)

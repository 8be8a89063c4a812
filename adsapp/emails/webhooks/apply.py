"""Applying reports of e-mails: stored deliveries in their order, some at a time, each batch in a short transaction."""

import uuid
from typing import Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.logs import get_logger
from adsapp.emails.reported import reports
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.email_events import UnknownReport
from adsapp.integrations.models import EmailWebhook
from adsapp.jobs import Progress
from adsapp.outbound.figures import EMAIL, LAG

log = get_logger()

BATCH: Final = 100


def apply_all(account_id: uuid.UUID, progress: Progress) -> int:
    """Apply all open deliveries of an account; returns how many there were."""
    applied = 0
    while True:
        progress.check()
        count, unknown = _apply_some(account_id)
        progress.commit()
        # Our own answer may have been stored since: after the commit, so that one of the two sees the other.
        if unknown:
            reports.match_parked(account_id, unknown)
        if not count:
            if applied:
                log.info("webhooks_applied", account_id=str(account_id), deliveries=applied)
            return applied
        applied += count
        progress.advance(count)


def _apply_some(account_id: uuid.UUID) -> tuple[int, set[str]]:
    deliveries = db.session.scalars(
        select(EmailWebhook)
        .where(EmailWebhook.account_id == account_id, EmailWebhook.applied_at.is_(None))
        .order_by(EmailWebhook.id)
        .limit(BATCH)
        .with_for_update()  # another job for the same account waits here, holding nothing, and then finds the rest
    ).all()
    if not deliveries:
        return 0, set()
    account = accounts.get_email_account(account_id)
    channel = email_channel_of(account)
    told = [(each, channel.parse(each.body, each.received_at)) for each in deliveries]
    unknown = reports.apply_reports(account, [report for _, report in told])
    now = utcnow()
    for each, report in told:
        LAG.observe((now - each.received_at).total_seconds(), channel=EMAIL)
        each.applied_at, each.error = now, f"Unknown: {report.what}" if isinstance(report, UnknownReport) else None
    return len(deliveries), unknown

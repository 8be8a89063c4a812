"""Both lists made one: what is new here is told to the provider, what it has is taken in.

A release goes first: the provider would tell us of the address again otherwise.
"""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import select

from adsapp.core import db
from adsapp.emails.models import Suppression
from adsapp.emails.suppressions import service
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.base import EmailChannel
from adsapp.integrations.email_channels import email_channel_of
from adsapp.integrations.models import AccountStatus
from adsapp.jobs import Progress

BATCH: Final = 100


def sync(release: Sequence[str], progress: Progress) -> dict[str, int]:
    """Release these, tell the provider the others, take in its own. Raises ProviderError: the job is tried again."""
    channels = _channels()
    for channel in channels:
        if release:
            channel.release(release)
    told = 0
    while rows := _untold():
        progress.check()
        for channel in channels:
            channel.suppress([address for _, address in rows])
        service.mark_told([row_id for row_id, _ in rows])
        progress.commit()
        told += len(rows)
    return {"released": len(release), "told": told, "heard": sum(_take_in(each, progress) for each in channels)}


def _channels() -> list[EmailChannel]:
    """One for each key that may be used: accounts with the same key have the same list."""
    with db.reading():
        found = [each for each in accounts.list_email_accounts() if each.status is AccountStatus.ACTIVE]
        channels = {channel.key: channel for channel in map(email_channel_of, found)}
        db.session.rollback()
    return list(channels.values())


def _untold() -> list[tuple[int, str]]:
    """Read in a transaction of its own: none is open while the provider is asked."""
    with db.read_only():
        query = select(Suppression.id, Suppression.address).where(Suppression.told_at.is_(None))
        return [(row.id, row.address) for row in db.session.execute(query.order_by(Suppression.id).limit(BATCH))]


def _take_in(channel: EmailChannel, progress: Progress) -> int:
    theirs = channel.suppressed()
    for start in range(0, len(theirs), BATCH):
        for report in theirs[start : start + BATCH]:
            service.heard_from_provider(report)
        progress.commit()
    return len(theirs)

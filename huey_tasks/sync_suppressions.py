"""Makes the list of suppressed addresses one with the provider's."""

from dataclasses import dataclass, field
from typing import Any

from adsapp.jobs import Progress, Queue, processor
from adsapp.organizations.policy import Permission


@dataclass(frozen=True)
class SyncSuppressionsParams:
    """Addresses that were released here, and are to be released at the provider."""

    release: list[str] = field(default_factory=list)


@processor("sync-suppressions", queue=Queue.EMAIL_NOTIFICATION, needs=Permission.MANAGE)
def sync_suppressions(params: SyncSuppressionsParams, progress: Progress) -> dict[str, Any]:
    """Compare suppressed addresses with Resend"""
    from adsapp.emails.suppressions.sync import sync

    return dict(sync(params.release, progress))

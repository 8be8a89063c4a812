"""Removes what is kept no longer; workers enqueue one job a day for each organization."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from adsapp.core import context
from adsapp.core.clock import utcnow
from adsapp.jobs import Progress, Queue, processor, retention


@dataclass(frozen=True)
class KeepHistoryParams:
    """No parameters: the settings HISTORY_DAYS, WEBHOOK_DAYS, REPLY_DAYS and UPLOAD_DAYS say how long."""


@processor(retention.PROCESSOR, queue=Queue.TEMPLATE_PROCESSING, internal=True, timeout_seconds=3600)
def keep_history(params: KeepHistoryParams, progress: Progress) -> dict[str, Any]:
    """Remove what is kept no longer"""
    from adsapp.alerts.retention import forget_alerts, forget_told
    from adsapp.campaigns.webhooks.retention import forget_deliveries, forget_replies
    from adsapp.contacts.imports.retention import discard_abandoned, remove_strays
    from adsapp.contacts.imports.undo import service as undo
    from adsapp.emails.suppressions.service import enqueue_sync
    from adsapp.emails.webhooks.retention import forget_reports
    from adsapp.message_templates.service import enqueue_daily_sync
    from adsapp.renderings.retention import KEPT_DAYS, forget_rows
    from adsapp.schedules.retention import forget_fires

    now, settings = utcnow(), context.settings()

    def removed(remove_some: Callable[[datetime, int], int], days: int) -> int:
        before = now - timedelta(days=days)
        return retention.in_batches(progress, lambda: remove_some(before, retention.BATCH))

    enqueue_daily_sync()
    enqueue_sync()  # what the provider suppressed without telling is heard of within a day
    progress.commit()
    return {
        **retention.keep_history(progress),
        "webhooks": removed(forget_deliveries, settings.webhook_days),
        "email_reports": removed(forget_reports, settings.webhook_days),
        "alerts": removed(forget_alerts, settings.history_days),
        "told": removed(forget_told, settings.webhook_days),
        "replies": removed(forget_replies, settings.reply_days),
        "schedule_fires": removed(forget_fires, settings.history_days),
        "uploads": removed(discard_abandoned, settings.upload_days),
        "stray_files": removed(remove_strays, settings.upload_days),
        "rendered_rows": removed(forget_rows, KEPT_DAYS),
        "undo_values": undo.forget_old(progress),
    }

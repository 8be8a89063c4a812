"""Tells an alert by one channel."""

import uuid
from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class DeliverAlertParams:
    """Which delivery: the row says what is told, by which channel and to whom."""

    delivery_id: uuid.UUID


@processor("deliver-alert", queue=Queue.EMAIL_NOTIFICATION, internal=True, timeout_seconds=120)
def deliver_alert(params: DeliverAlertParams, progress: Progress) -> dict[str, Any]:
    """Tell an alert"""
    from adsapp.alerts.delivering import deliver

    return deliver(params.delivery_id, progress)


@processor("deliver-alert-elsewhere", queue=Queue.TEMPLATE_PROCESSING, internal=True, timeout_seconds=120)
def deliver_alert_elsewhere(params: DeliverAlertParams, progress: Progress) -> dict[str, Any]:
    """Tell an alert while nobody works on e-mail"""
    from adsapp.alerts.delivering import deliver

    return deliver(params.delivery_id, progress)

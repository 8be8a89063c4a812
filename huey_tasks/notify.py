"""Tells one of our users something, by mail."""

from dataclasses import dataclass
from typing import Any

from adsapp.jobs import Progress, Queue, processor


@dataclass(frozen=True)
class NotifyParams:
    """Who is told what: a kind of letter and what it says, as it was when it happened."""

    to: str
    name: str
    kind: str
    values: dict[str, Any]


@processor("notify", queue=Queue.EMAIL_NOTIFICATION, internal=True, attempts=10, timeout_seconds=120)
def notify(params: NotifyParams, progress: Progress) -> dict[str, Any]:
    """Tell somebody by mail"""
    from adsapp.notifications.sending import send

    return send(progress.job_id, params.to, params.name, params.kind, params.values)

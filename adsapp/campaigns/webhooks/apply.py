"""Applying webhooks: stored deliveries in their order, a few at a time, each in a short transaction.

What one event does wrong stays with it: the others of its delivery are applied, the delivery keeps the reason.
"""

import uuid
from collections.abc import Callable, Sequence

from sqlalchemy import select

from adsapp.campaigns import statuses
from adsapp.campaigns.webhooks import replies
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.logs import get_logger
from adsapp.integrations import queries as accounts
from adsapp.integrations.channels import channel_of
from adsapp.integrations.events import (
    Event,
    InboundEvent,
    PreferenceEvent,
    StatusEvent,
    TemplateStatusEvent,
    UnknownEvent,
)
from adsapp.integrations.models import Account, WebhookDelivery
from adsapp.jobs import Progress
from adsapp.message_templates import service as templates

log = get_logger()

BATCH = 20  # deliveries in one transaction; each may hold up to 1,000 updates, usually below 100


def apply_all(account_id: uuid.UUID, progress: Progress) -> int:
    """Apply all open deliveries of an account; returns how many there were."""
    applied = 0
    while True:
        progress.check()
        unknown: list[str] = []
        count = apply_some(account_id, unknown)
        progress.commit()
        if unknown:
            # Our own response may have been stored since: after the commit, so that one of the two sees the other.
            statuses.match_parked(unknown)
        if not count:
            return applied
        applied += count
        progress.advance(count)


def apply_some(account_id: uuid.UUID, unknown: list[str]) -> int:
    """Apply the oldest open deliveries, in the caller's transaction; `unknown` gets the ids of messages that were
    parked."""
    deliveries = db.session.scalars(
        select(WebhookDelivery)
        .where(WebhookDelivery.account_id == account_id, WebhookDelivery.applied_at.is_(None))
        .order_by(WebhookDelivery.id)
        .limit(BATCH)
        .with_for_update()  # another job for the same account waits here, holding nothing, and then finds the rest
    ).all()
    if not deliveries:
        return 0
    account = accounts.get_account(account_id)
    channel = channel_of(account)
    told = [(delivery, channel.parse(delivery.body, delivery.received_at).events) for delivery in deliveries]
    errors = apply_events(account, [events for _, events in told], unknown)
    for (delivery, _), wrong in zip(told, errors, strict=True):
        delivery.applied_at = utcnow()
        delivery.error = "; ".join(wrong)[:2000] or None
    return len(deliveries)


def apply_events(account: Account, deliveries: Sequence[Sequence[Event]], unknown: list[str]) -> list[list[str]]:
    """Apply the events of some deliveries; for each delivery what went wrong, in words."""
    reports = [[event for event in events if isinstance(event, StatusEvent)] for events in deliveries]
    errors = _apply_statuses(account, reports, unknown)
    for events, wrong in zip(deliveries, errors, strict=True):
        for event in events:
            if not isinstance(event, StatusEvent):
                wrong += _alone(lambda event=event: _apply_one(account, event))  # type: ignore[misc]
    return errors


def _apply_statuses(account: Account, reports: Sequence[Sequence[StatusEvent]], unknown: list[str]) -> list[list[str]]:
    together = [event for events in reports for event in events]
    if not together or not _alone(lambda: _merge(account, together, unknown)):
        return [[] for _ in reports]
    # One of them cannot be applied: find out which, and do not lose its neighbours.
    return [
        [wrong for event in events for wrong in _alone(lambda event=event: _merge(account, [event], unknown))]  # type: ignore[misc]
        for events in reports
    ]


def _merge(account: Account, events: Sequence[StatusEvent], unknown: list[str]) -> list[str]:
    merged = statuses.apply(events)
    if merged.unknown:
        statuses.park(account.id, merged.unknown)
        statuses.forget_parked()
        unknown += [event.provider_id for event in merged.unknown]
    return []


def _apply_one(account: Account, event: Event) -> list[str]:
    match event:
        case InboundEvent():
            replies.receive(account.id, event)
        case PreferenceEvent():
            replies.apply_preference(event)
        case TemplateStatusEvent():
            if not templates.record_status(account, event):
                templates.request_sync(account=account)
        case UnknownEvent():
            return [f"{event.field or 'body'}: {event.reason}"]
    return []


def _alone(work: Callable[[], list[str]]) -> list[str]:
    """Do it in a savepoint of its own; what went wrong, in words."""
    try:
        with db.session.begin_nested():
            return work()
    except Exception as error:  # whatever it is, it must not take its neighbours along; it is kept with the delivery
        log.warning("event_not_applied", error=type(error).__name__)
        return [f"{type(error).__name__}: {str(error).splitlines()[0][:300] if str(error) else ''}"]

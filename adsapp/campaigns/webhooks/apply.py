"""Applying webhooks: stored deliveries in their order, a few at a time, each in a short transaction.

What one event does wrong stays with it: the others of its delivery are applied, the delivery keeps the reason.
"""

import uuid
from collections.abc import Callable, Sequence
from typing import cast

from sqlalchemy import select

from adsapp.campaigns import consequences, statuses
from adsapp.campaigns.webhooks import notices, persons, replies
from adsapp.campaigns.webhooks.routing import Directory, has_owner, stranger
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.logs import get_logger
from adsapp.integrations import queries as accounts
from adsapp.integrations.channels import channel_of
from adsapp.integrations.errors import SendError
from adsapp.integrations.events import (
    AccountEvent,
    Event,
    InboundEvent,
    MovedEvent,
    PreferenceEvent,
    StatusEvent,
    TemplateStatusEvent,
    UnknownEvent,
)
from adsapp.integrations.models import Account, WebhookDelivery
from adsapp.jobs import Progress
from adsapp.outbound.figures import LAG, WHATSAPP

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
            _tell(account_id, applied)
            return applied
        applied += count
        progress.advance(count)


def _tell(account_id: uuid.UUID, applied: int) -> None:
    if applied:
        log.info("webhooks_applied", account_id=str(account_id), deliveries=applied)


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
        LAG.observe((delivery.applied_at - delivery.received_at).total_seconds(), channel=WHATSAPP)
        delivery.error = "; ".join(wrong)[:2000] or None
    return len(deliveries)


def apply_events(account: Account, deliveries: Sequence[Sequence[Event]], unknown: list[str]) -> list[list[str]]:
    """Apply the events of some deliveries to this account's address; for each delivery what went wrong, in words."""
    directory = Directory.around(account)
    errors = _apply_statuses(directory, deliveries, unknown)
    for events, wrong in zip(deliveries, errors, strict=True):
        for event in events:
            if not isinstance(event, StatusEvent):
                wrong += _apply_one(directory, event)
            elif not directory.owners(event):
                wrong.append(stranger(event))
    return [list(dict.fromkeys(wrong)) for wrong in errors]


def _apply_statuses(directory: Directory, deliveries: Sequence[Sequence[Event]], unknown: list[str]) -> list[list[str]]:
    errors: list[list[str]] = [[] for _ in deliveries]
    for account in directory.accounts:
        mine = [_statuses_of(directory, account, events) for events in deliveries]
        for wrong, more in zip(errors, _apply_together(account, mine, unknown), strict=True):
            wrong += more
    return errors


def _statuses_of(directory: Directory, account: Account, events: Sequence[Event]) -> list[StatusEvent]:
    return [event for event in events if isinstance(event, StatusEvent) and directory.owner(event) is account]


def _apply_together(account: Account, reports: Sequence[Sequence[StatusEvent]], unknown: list[str]) -> list[list[str]]:
    together = [event for events in reports for event in events]
    if not together or not _alone(lambda: _merge(account, together, unknown)):
        return [[] for _ in reports]
    # One of them cannot be applied: find out which, and do not lose its neighbours.
    return [
        [wrong for event in events for wrong in _alone(lambda event=event: _merge(account, [event], unknown))]  # type: ignore[misc]
        for events in reports
    ]


def _merge(account: Account, events: Sequence[StatusEvent], unknown: list[str]) -> list[str]:
    merged = statuses.apply(events, account.id)
    if merged.unknown:
        statuses.park(account.id, merged.unknown)
        statuses.forget_parked()
        unknown += [event.provider_id for event in merged.unknown]
    return []


def _apply_one(directory: Directory, event: Event) -> list[str]:
    """A no first, and by itself: whatever goes wrong afterwards, it is kept."""
    is_lost = has_owner(event) and not directory.owners(event)
    newly_out: list[uuid.UUID] = []

    def obey() -> list[str]:
        newly_out.extend(persons.obey(event, stranger(event) if is_lost else ""))
        return []

    wrong = _alone(obey)
    return wrong + ([stranger(event)] if is_lost else _alone(lambda: _apply(directory, event, newly_out)))


def _apply(directory: Directory, event: Event, newly_out: Sequence[uuid.UUID]) -> list[str]:
    match event:
        case InboundEvent():
            replies.receive(directory.owner(event) or directory.here, event, newly_out)
        case PreferenceEvent():
            replies.apply_preference(directory.owner(event) or directory.here, event, newly_out)
        case MovedEvent():
            persons.move(event)
        case TemplateStatusEvent():
            for account in directory.owners(event):
                notices.record_template(account, event)
        case AccountEvent():
            for account in directory.owners(event):
                notices.record(account, event)
        case UnknownEvent():
            for account in directory.owners(event) if event.error else ():
                consequences.act_on_account(account, cast(SendError, event.error))
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

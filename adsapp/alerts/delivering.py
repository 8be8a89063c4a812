"""Delivers one message, and writes what came of it. A job that ends well also if nothing was told: what failed stands
with the channel. An alert about a job that failed to tell an alert would never come to an end.
"""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import select

from adsapp.alerts import queries
from adsapp.alerts.channels import mail, slack, webhook
from adsapp.alerts.channels.message import Message, NotTold, Told
from adsapp.alerts.models import EMAIL, AlertDelivery, ChannelKind, DeliveryState
from adsapp.alerts.telling import parse_channel
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import UnreadableSecret
from adsapp.core.outgoing import Caller
from adsapp.jobs import Progress, Snooze
from adsapp.organizations import queries as organizations

# Seconds to the second try, the third … An hour and a half in all.
WAITS: Final = (10, 30, 60, 300, 600, 1800, 2700)
LONGEST_WAIT: Final = 3600.0
MOST_APART: Final = 60.0

Send = Callable[[], Told]


def deliver(delivery_id: uuid.UUID, progress: Progress) -> dict[str, Any]:
    """Tell it; raises Snooze for another try."""
    with db.reading():
        delivery = _find(delivery_id)
        is_open = delivery is not None and not delivery.state.is_final
        send = sender_of(delivery) if delivery is not None and is_open else None
        db.session.rollback()  # none is open while the other side is asked
    if send is None:
        return {"state": "gone"}
    outcome = _tried(send)
    delivery = _find(delivery_id)
    if delivery is None:
        return {"state": "gone"}
    write(delivery, outcome)
    result, again_at = {"state": delivery.state.value, "answer": delivery.answer}, delivery.next_at
    progress.commit()
    if again_at is not None:
        raise Snooze(again_at, "the channel did not take it; tried again")
    return result


def deliver_now(delivery: AlertDelivery) -> Told | NotTold:
    """Tell it once, in no transaction, and write what came of it in one. For a person who waits for the answer."""
    send, delivery_id = sender_of(delivery), delivery.id
    db.session.commit()
    outcome = _tried(send)
    kept = _find(delivery_id)
    if kept is not None:
        write(kept, outcome, is_last=True)
    return outcome


def write(delivery: AlertDelivery, outcome: Told | NotTold, *, is_last: bool = False) -> None:
    """Keep what came of a try, and when the next one is."""
    now = utcnow()
    delivery.attempts += 1
    delivery.next_at = None
    if isinstance(outcome, Told):
        delivery.state, delivery.code, delivery.answer = DeliveryState.DELIVERED, outcome.code, outcome.answer
        delivery.ended_at = now
        return
    delivery.code, delivery.answer = outcome.code, outcome.message
    if outcome.is_permanent:
        delivery.state, delivery.ended_at = DeliveryState.REFUSED, now
    elif is_last or delivery.attempts > len(WAITS):
        delivery.state, delivery.ended_at = DeliveryState.FAILED, now
    else:
        wait = max(WAITS[delivery.attempts - 1], min(outcome.wait_seconds or 0.0, LONGEST_WAIT))
        delivery.next_at = now + timedelta(seconds=wait + _apart(delivery.id, min(wait, MOST_APART)))


def _apart(delivery_id: uuid.UUID, most: float) -> float:
    """Seconds more: mails to all administrators that came too fast for Resend would come too fast again together."""
    return most * (delivery_id.int % 1000) / 1000  # the last digits of an id are random


def sender_of(delivery: AlertDelivery) -> Send:
    """What sends it, with all that is needed for it read already."""
    message, delivery_id = Message.of(delivery.body), delivery.id
    if delivery.channel == EMAIL:
        return _mailer(message, delivery)
    channel = queries.find_channel(parse_channel(delivery.channel) or uuid.UUID(int=0))
    if channel is None:
        return _never("removed", "The channel was removed")
    if not channel.is_on:
        return _never("off", "The channel was turned off")
    try:
        address, secret = channel.address.open(), channel.secret.open() if channel.secret else ""
    except UnreadableSecret as error:
        return _never("unreadable_secret", f"Its address cannot be read: {error}")
    caller = Caller.of(context.settings())
    if channel.kind is ChannelKind.SLACK:
        return lambda: slack.send(message, address, caller)
    return lambda: webhook.send(message, delivery_id, address, secret, caller)


def _mailer(message: Message, delivery: AlertDelivery) -> Send:
    user_id, delivery_id = delivery.user_id, delivery.id
    member = organizations.get_membership(delivery.organization_id, user_id) if user_id else None
    if member is None:
        return _never("left", "Who was to get it has left the organization")
    to, name = member.user.email, member.user.name
    return lambda: mail.send(message, delivery_id, to, name)


def _never(code: str, why: str) -> Send:
    def refuse() -> Told:
        raise NotTold(code, why, is_permanent=True)

    return refuse


def _tried(send: Send) -> Told | NotTold:
    try:
        return send()
    except NotTold as error:
        return error


def _find(delivery_id: uuid.UUID) -> AlertDelivery | None:
    wanted = select(AlertDelivery).where(AlertDelivery.id == delivery_id)
    return db.session.scalars(wanted.execution_options(populate_existing=True)).first()

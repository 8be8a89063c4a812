"""What is told becomes deliveries, each of them a job: added in the transaction of what they tell of."""

import uuid
from collections.abc import Iterator
from datetime import datetime
from typing import Final

from sqlalchemy import select

from adsapp import jobs
from adsapp.alerts import queries
from adsapp.alerts.channels.message import Message, Thing
from adsapp.alerts.models import EMAIL, AlertChannel, AlertDelivery, AlertIncident, Severity, What
from adsapp.alerts.rules import Conditions, Rule
from adsapp.core import context, db
from adsapp.core.ids import new_id
from adsapp.core.masks import Mask
from adsapp.jobs import Queue
from adsapp.jobs.queries.statistics import queues_without_worker
from adsapp.notifications.letters import Alert
from adsapp.notifications.queries import wanted_by
from adsapp.organizations import policy
from adsapp.organizations import queries as organizations
from adsapp.organizations.models import Membership, Organization

PATH: Final = "/alerts"
# An alert that nobody works on e-mail must not wait for somebody who does.
PROCESSORS: Final = {
    Queue.EMAIL_NOTIFICATION: "deliver-alert",
    Queue.TEMPLATE_PROCESSING: "deliver-alert-elsewhere",
}
LONGEST_NAME: Final = 200  # the column's
NOBODYS: Final = Mask(whole=False)  # what leaves for a place of which nobody knows who reads it


def tell(incident: AlertIncident, rule: Rule, conditions: Conditions, what: What, now: datetime) -> None:
    """Tell it by every channel that the rule names."""
    db.session.flush()  # its deliveries name it
    message = message_of(incident, rule, what, now)
    for delivery in _deliveries(message, conditions):
        delivery.incident_id, delivery.kind = incident.id, rule.kind
        send_later(delivery)


def message_of(incident: AlertIncident, rule: Rule, what: What, now: datetime) -> Message:
    """The message as it is now."""
    base = context.settings().base_url
    return Message(
        what=what,
        kind=rule.kind,
        rule=rule.title,
        severity=incident.severity.value,
        organization=_organization(),
        title=incident.title,
        text=incident.text,
        at=now,
        since=incident.since,
        count=incident.count,
        action=incident.action,
        url=f"{base}{incident.url or PATH}",
        alerts_url=f"{base}{PATH}/{incident.id}",
        incident_id=str(incident.id),
        things=tuple(Thing(each["title"], f"{base}{each['url'] or PATH}") for each in incident.things),
    )


def test_message(now: datetime) -> Message:
    """What a channel is tried with."""
    base = context.settings().base_url
    return Message(
        what=What.TEST,
        kind="test",
        rule="None: a test",
        severity=Severity.WARNING.value,
        organization=_organization(),
        title="This is how an alert looks",
        text="Somebody tried this channel under Alerts. Nothing is wrong.",
        at=now,
        since=now,
        count=1,
        action="Open the alerts",
        url=f"{base}{PATH}",
        alerts_url=f"{base}{PATH}",
    )


def _organization() -> str:
    name = select(Organization.name).where(Organization.id == db.require_organization_id())
    return db.session.scalar(name) or ""


def _deliveries(message: Message, conditions: Conditions) -> Iterator[AlertDelivery]:
    wanted = conditions.channels
    if wanted is None or EMAIL in wanted:
        for member in readers():
            yield to_member(message, member)
    for channel in queries.list_channels():
        if channel.is_on and (wanted is None or str(channel.id) in wanted):
            yield to_channel(message, channel)


def readers() -> list[Membership]:
    """Those members who want to be told of alerts."""
    members = organizations.list_members(db.require_organization_id())
    return [member for member in members if wanted_by(member)[Alert.kind]]


def to_member(message: Message, member: Membership) -> AlertDelivery:
    """A mail to this member, who sees of people's data what they may see."""
    delivery = _delivery(message, policy.mask_of(member.role), EMAIL, f"E-mail to {member.user.name}"[:LONGEST_NAME])
    delivery.user_id = member.user_id
    return delivery


def to_channel(message: Message, channel: AlertChannel) -> AlertDelivery:
    """A message to this channel; numbers and addresses are masked."""
    return _delivery(message, NOBODYS, str(channel.id), channel.name)


def _delivery(message: Message, mask: Mask, channel: str, name: str) -> AlertDelivery:
    body = message.as_json()
    masked = {key: body[key] if key.endswith("url") or key in KEPT else mask.value(body[key]) for key in body}
    return AlertDelivery(
        organization_id=db.require_organization_id(),
        id=new_id(),
        what=message.what,
        channel=channel,
        channel_name=name,
        body=masked,
        attempts=0,
    )


KEPT: Final = frozenset({"at", "since", "incident_id"})


def send_later(delivery: AlertDelivery) -> None:
    """Add the job that delivers it, where somebody works."""
    db.session.add(delivery)
    db.session.flush()
    jobs.enqueue(_processor(), {"delivery_id": str(delivery.id)}, idempotency_key=f"alert {delivery.id}")


def _processor() -> str:
    lacking = set(queues_without_worker())
    return next((name for queue, name in PROCESSORS.items() if queue not in lacking), next(iter(PROCESSORS.values())))


def again(delivery: AlertDelivery) -> AlertDelivery:
    """A copy of it that has not been told yet."""
    return AlertDelivery(
        organization_id=delivery.organization_id,
        id=new_id(),
        incident_id=delivery.incident_id,
        kind=delivery.kind,
        what=delivery.what,
        channel=delivery.channel,
        channel_name=delivery.channel_name,
        user_id=delivery.user_id,
        body=delivery.body,
        attempts=0,
        replay_of=delivery.id,
    )


def parse_channel(text: str) -> uuid.UUID | None:
    """The id of a channel that is not e-mail."""
    return None if text == EMAIL else uuid.UUID(text)

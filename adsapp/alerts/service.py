"""What people do with alerts: rules, channels, an incident taken on or put off. The audit is written here."""

import re
import secrets
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import available_timezones

from sqlalchemy import delete, select
from sqlalchemy.exc import OperationalError

from adsapp.alerts import delivering, queries, telling
from adsapp.alerts.channels.message import NotTold, Told
from adsapp.alerts.models import (
    EMAIL,
    AlertChannel,
    AlertDelivery,
    AlertIncident,
    AlertRule,
    AlertSeen,
    ChannelKind,
)
from adsapp.alerts.rules import Conditions, Rule
from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.errors import Conflict, FieldError, Invalid
from adsapp.core.ids import new_id, parse_id
from adsapp.core.outgoing import Caller, OutgoingError
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Membership

LONGEST_SNOOZE: Final = timedelta(days=30)
LONGEST_COOL_DOWN: Final = 7 * 24 * 60  # minutes
LONGEST_WINDOW: Final = 7 * 24 * 60
LONGEST_WAIT: Final = 24 * 60
MOST_CHANNELS: Final = 20
SHORTEST_SECRET: Final = 16
SLACK_HOSTS: Final = ("hooks.slack.com", "hooks.slack-gov.com")
NOT_SLACK: Final = (
    "This is no address of Slack’s: those begin with https://hooks.slack.com/. For anything else add a webhook, or let "
    "whoever runs ADSapp allow the host (OUTGOING_ALLOWED_HOSTS)"
)
_LINE: Final = re.compile(r"[^\x00-\x1f\x7f]{1,100}")


@dataclass(frozen=True)
class ChannelIn:
    """A channel as an admin enters it. Secret "" of a webhook: one is made."""

    kind: ChannelKind
    name: str
    address: str
    secret: str = ""
    is_on: bool = True

    def __repr__(self) -> str:
        return f"ChannelIn(kind={self.kind.value!r}, name={self.name!r})"


@dataclass(frozen=True)
class ChannelChanges:
    """What changes of a channel; None leaves a value as it is."""

    name: str | None = None
    address: str | None = None
    secret: str | None = None
    is_on: bool | None = None

    def __repr__(self) -> str:
        return f"ChannelChanges(name={self.name!r})"


# --- rules ------------------------------------------------------------------------------------------------------------


def save_rule(rule: Rule, conditions: Conditions, by: By) -> None:
    """Set how a rule works from now on. Raises Invalid with all that is wrong."""
    check_conditions(rule, conditions)
    before, row = queries.conditions_of(rule), queries.find_changed(rule)
    if row is None:
        row = AlertRule(organization_id=db.require_organization_id(), kind=rule.kind)
        _write(row, conditions, by)
        db.session.add(row)
    _write(row, conditions, by)
    db.session.flush()
    changed = [name for name in vars(conditions) if getattr(conditions, name) != getattr(before, name)]
    by.audit("change alert rule", f"alert_rule:{rule.kind}", title=rule.title, fields=changed, is_on=conditions.is_on)


def reset_rule(rule: Rule, by: By) -> None:
    """Let a rule be as it is from the start."""
    db.session.execute(delete(AlertRule).where(AlertRule.kind == rule.kind))
    by.audit("reset alert rule", f"alert_rule:{rule.kind}", title=rule.title)


def _write(row: AlertRule, conditions: Conditions, by: By) -> None:
    for name in ("is_on", "threshold", "clears_at", "window_minutes", "for_minutes", "cool_down_minutes", "severity"):
        setattr(row, name, getattr(conditions, name))
    row.channels = None if conditions.channels is None else list(conditions.channels)
    quiet = conditions.quiet
    row.quiet_from, row.quiet_until = (f"{quiet.starts:%H:%M}", f"{quiet.ends:%H:%M}") if quiet else ("", "")
    row.quiet_zone = quiet.zone if quiet else "UTC"
    row.changed_at, row.changed_by = utcnow(), by.name


def check_conditions(rule: Rule, conditions: Conditions) -> None:
    """Raise Invalid with every value that does not fit."""
    _raise_all(_mistakes(rule, conditions))


def _mistakes(rule: Rule, conditions: Conditions) -> Iterator[FieldError]:
    measure = rule.measure
    if measure is not None:
        for name in ("threshold", "clears_at"):
            value, least = getattr(conditions, name), 0 if name == "clears_at" else measure.least
            if not least <= value <= measure.most:
                yield FieldError(name, f"should be {least:g} to {measure.most:,g} {measure.unit}")
        if not measure.fits(conditions):
            side = "at least" if measure.less_is_worse else "at most"
            yield FieldError("clears_at", f"should be {side} {conditions.threshold:g}, where it begins")
    if rule.has_window and not 5 <= conditions.window_minutes <= LONGEST_WINDOW:
        yield FieldError("window_minutes", f"should be 5 to {LONGEST_WINDOW:,} minutes")
    if not 0 <= conditions.for_minutes <= LONGEST_WAIT:
        yield FieldError("for_minutes", f"should be 0 to {LONGEST_WAIT:,} minutes")
    if not 1 <= conditions.cool_down_minutes <= LONGEST_COOL_DOWN:
        yield FieldError("cool_down_minutes", f"should be 1 to {LONGEST_COOL_DOWN:,} minutes")
    quiet = conditions.quiet
    if quiet is not None and quiet.zone not in available_timezones():
        yield FieldError("quiet_zone", f"There is no time zone {quiet.zone!r}; one is Europe/Madrid, for example")
    if quiet is not None and quiet.starts == quiet.ends:
        yield FieldError("quiet_until", "should not be when they begin: that would be all day or never")
    known = {EMAIL, *(str(channel.id) for channel in queries.list_channels())}
    if conditions.channels is not None and not set(conditions.channels) <= known:
        yield FieldError("channels", "names a channel that is not there; it may have been removed")


# --- incidents --------------------------------------------------------------------------------------------------------


def acknowledge(incident: AlertIncident, by: By) -> None:
    """Take it on: nobody is told of it again, but that it is over. Raises Conflict if it is over."""
    _refuse_resolved(incident)
    incident.acknowledged_at, incident.acknowledged_by = utcnow(), by.name
    incident.note, incident.snoozed_until = by.reason, None
    by.audit("acknowledge alert", f"alert:{incident.id}", title=incident.title)


def snooze(incident: AlertIncident, until: datetime, by: By) -> None:
    """Tell nobody until then; if it is still so, it is told anew. Raises Conflict if it is over, Invalid for a wrong
    time."""
    _refuse_resolved(incident)
    now = utcnow()
    if not now < until <= now + LONGEST_SNOOZE:
        raise Invalid.field("until", "should be within the next 30 days")
    incident.snoozed_until, incident.snoozed_by = until, by.name
    by.audit("snooze alert", f"alert:{incident.id}", title=incident.title, until=until.isoformat(timespec="minutes"))


def give_back(incident: AlertIncident, by: By) -> None:
    """Nobody looks after it any more: it is told of as before. Raises Conflict if it is over, or nobody does."""
    _refuse_resolved(incident)
    if incident.acknowledged_at is None:
        raise Conflict("Nobody has taken this alert on")
    incident.acknowledged_at, incident.acknowledged_by, incident.note = None, "", ""
    by.audit("give alert back", f"alert:{incident.id}", title=incident.title)


def wake(incident: AlertIncident, by: By) -> None:
    """It is put off no more: it is told of as before. Raises Conflict if it is over, or not put off."""
    _refuse_resolved(incident)
    if not incident.is_snoozed(utcnow()):
        raise Conflict("This alert is not put off")
    incident.snoozed_until, incident.snoozed_by = None, ""
    by.audit("wake alert", f"alert:{incident.id}", title=incident.title)


def _refuse_resolved(incident: AlertIncident) -> None:
    if incident.resolved_at is not None:
        raise Conflict("This alert is over already; nothing needs to be done")


def mark_seen(user_id: uuid.UUID) -> None:
    """This person has seen all alerts that there are. In a transaction of its own: they are only looked at."""
    owner = db.require_organization_id()
    try:
        with db.brief_session(owner) as own:
            own.merge(AlertSeen(organization_id=owner, user_id=user_id, seen_at=utcnow()))
    except OperationalError:  # the database is busy: the bell says so once more
        return


# --- channels ---------------------------------------------------------------------------------------------------------


def add_channel(data: ChannelIn, by: By) -> AlertChannel:
    """Add a channel, its address and secret sealed. Raises Invalid with the fields, Conflict for a name there is."""
    _raise_all(_channel_mistakes(data.kind, data.name, data.address, data.secret))
    _refuse_same_name(data.name)
    if len(queries.list_channels()) >= MOST_CHANNELS:
        raise Conflict(f"There are {MOST_CHANNELS} channels already; remove one first")
    channel = AlertChannel(
        organization_id=db.require_organization_id(),
        id=new_id(),
        kind=data.kind,
        name=data.name.strip(),
        host=_host(data.address),
        address=db.SecretText.of(data.address.strip()),
        secret=_secret(data.kind, data.secret),
        is_on=data.is_on,
        created_by=by.name,
    )
    db.session.add(channel)
    db.session.flush()
    by.audit("add alert channel", _subject(channel), title=channel.name, host=channel.host)
    return channel


def change_channel(channel: AlertChannel, changes: ChannelChanges, by: By) -> None:
    """Change a channel. Raises Invalid with the fields, Conflict for a name there is."""
    name = channel.name if changes.name is None else changes.name
    _raise_all(_channel_mistakes(channel.kind, name, changes.address, changes.secret or ""))
    if name.strip() != channel.name:
        _refuse_same_name(name)
    channel.name = name.strip()
    if changes.address:
        channel.host, channel.address = _host(changes.address), db.SecretText.of(changes.address.strip())
    if changes.secret:
        channel.secret = _secret(channel.kind, changes.secret)
    if changes.is_on is not None:
        channel.is_on = changes.is_on
    db.session.flush()
    given = sorted(name for name, value in vars(changes).items() if value is not None)
    by.audit("change alert channel", _subject(channel), title=channel.name, fields=given)


def remove_channel(channel: AlertChannel, by: By) -> None:
    """Forget a channel and its secrets. Rules that named it name it no more; what was told stays in the log."""
    name = str(channel.id)
    for row in db.session.scalars(select(AlertRule)):
        if row.channels is not None and name in row.channels:
            row.channels = [each for each in row.channels if each != name]
    db.session.delete(channel)
    db.session.flush()
    by.audit("remove alert channel", f"alert_channel:{name}", title=channel.name)


def try_channel(channel: AlertChannel, by: By) -> Told | NotTold:
    """Send a test, and say honestly what came of it. Commits before it asks."""
    delivery = telling.to_channel(telling.test_message(utcnow()), channel)
    by.audit("test alert channel", _subject(channel), title=channel.name)
    return _try(delivery)


def try_email(member: Membership, by: By) -> Told | NotTold:
    """Send a test by e-mail to this member. Commits before it asks."""
    delivery = telling.to_member(telling.test_message(utcnow()), member)
    by.audit("test alert channel", f"alert_channel:{EMAIL}", title="E-mail")
    return _try(delivery)


def _try(delivery: AlertDelivery) -> Told | NotTold:
    db.session.add(delivery)
    db.session.flush()
    return delivering.deliver_now(delivery)


def replay(delivery: AlertDelivery, by: By) -> AlertDelivery:
    """Tell the same once more. Raises Conflict while it is still tried."""
    if not delivery.state.is_final:
        raise Conflict("It is still being tried; wait until that has ended")
    copy = telling.again(delivery)
    telling.send_later(copy)
    by.audit("replay alert", f"alert_delivery:{delivery.id}", title=delivery.channel_name)
    return copy


def _channel_mistakes(kind: ChannelKind, name: str, address: str | None, secret: str) -> Iterator[FieldError]:
    """What does not fit; an address that stays as it is is not looked at."""
    if not _LINE.fullmatch(name.strip()):
        yield FieldError("name", "should be one line of at most 100 characters")
    if address is not None and (why_not := _why_no_address(kind, address.strip())):
        yield FieldError("address", why_not)
    if kind is ChannelKind.WEBHOOK and secret and len(secret) < SHORTEST_SECRET:
        yield FieldError("secret", f"should be at least {SHORTEST_SECRET} characters, or empty: then one is made")


def _why_no_address(kind: ChannelKind, address: str) -> str:
    caller = Caller.of(context.settings())
    try:
        target = caller.check(address)
    except OutgoingError as error:
        return error.message
    if kind is ChannelKind.WEBHOOK or caller.is_allowed(target):
        return ""
    return "" if target.scheme == "https" and target.host in SLACK_HOSTS else NOT_SLACK


def _refuse_same_name(name: str) -> None:
    if db.session.scalars(select(AlertChannel.id).where(AlertChannel.name == name.strip())).first() is not None:
        raise Conflict(f"There is a channel “{name.strip()}” already; give this one another name")


def _secret(kind: ChannelKind, given: str) -> db.SecretText | None:
    if kind is not ChannelKind.WEBHOOK:
        return None
    return db.SecretText.of(given.strip() or secrets.token_urlsafe(32))


def _host(address: str) -> str:
    target = Caller.of(context.settings()).check(address.strip())
    usual = {"https": 443, "http": 80}[target.scheme]
    return f"{target.scheme}://{target.host}" + (f":{target.port}" if target.port != usual else "")


def _subject(channel: AlertChannel) -> str:
    return f"alert_channel:{channel.id}"


def _raise_all(mistakes: Iterator[FieldError]) -> None:
    found = list(mistakes)
    if found:
        raise Invalid("; ".join(f"{each.field}: {each.message}" for each in found), fields=found)


def channel_ids(texts: list[str]) -> tuple[str, ...]:
    """Those of these that can name a channel."""
    return tuple(text for text in dict.fromkeys(texts) if text == EMAIL or parse_id(text))

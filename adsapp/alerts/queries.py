"""Reads of alerts: how rules are set, what is open, what was told. One function a screen or a look."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple, cast

from sqlalchemy import Table, bindparam, select

from adsapp.alerts.models import (
    EMAIL,
    AlertChannel,
    AlertDelivery,
    AlertIncident,
    AlertRule,
    AlertSeen,
    DeliveryState,
    Severity,
)
from adsapp.alerts.rules import RULES, Conditions, Quiet, Rule
from adsapp.core import db
from adsapp.core.db.prepared import fetch, own_rows
from adsapp.core.errors import NotFound
from adsapp.core.inputs import clock, id_after
from adsapp.core.pagination import Page, cut

MOST: Final = 100  # of a list that is not paged


@dataclass(frozen=True)
class Standing:
    """What became of the last thing that was told by a channel; `since` it has been so."""

    is_bad: bool
    answer: str
    at: datetime
    code: str


class Unread(NamedTuple):
    """What the bell shows: incidents that are open and nobody has taken on; those that this person has not seen."""

    open: int
    unread: int
    is_critical: bool


def get_rule(kind: str) -> Rule:
    """The rule of this kind; raises NotFound."""
    rule = RULES.get(kind)
    if rule is None:
        raise NotFound("There is no such rule")
    return rule


def conditions() -> dict[str, Conditions]:
    """How each rule is set: as the organization has it, or as it is from the start."""
    changed = {row.kind: _read(row) for row in db.session.scalars(select(AlertRule))}
    return {kind: changed.get(kind, rule.usual) for kind, rule in RULES.items()}


def conditions_of(rule: Rule) -> Conditions:
    """How this rule is set."""
    row = find_changed(rule)
    return _read(row) if row else rule.usual


def find_changed(rule: Rule) -> AlertRule | None:
    """The rule as the organization has changed it, if it has."""
    return db.session.scalars(select(AlertRule).where(AlertRule.kind == rule.kind)).first()


def changed_kinds() -> set[str]:
    """The kinds of those rules that the organization has changed."""
    return set(db.session.scalars(select(AlertRule.kind)))


def _read(row: AlertRule) -> Conditions:
    return Conditions(
        threshold=row.threshold,
        clears_at=row.clears_at,
        window_minutes=row.window_minutes,
        for_minutes=row.for_minutes,
        cool_down_minutes=row.cool_down_minutes,
        severity=row.severity,
        is_on=row.is_on,
        channels=None if row.channels is None else tuple(row.channels),
        quiet=_quiet(row),
    )


def _quiet(row: AlertRule) -> Quiet | None:
    starts, ends = clock(row.quiet_from), clock(row.quiet_until)
    return Quiet(starts, ends, row.quiet_zone) if starts and ends else None


def open_incidents() -> dict[str, AlertIncident]:
    """Those that are not resolved, by the kind of their rule; also those that have not lasted long enough yet."""
    found = db.session.scalars(select(AlertIncident).where(AlertIncident.resolved_at.is_(None)))
    return {incident.kind: incident for incident in found}


def list_open() -> Sequence[AlertIncident]:
    """Those that people see, the gravest and then the newest first."""
    shown = [each for each in open_incidents().values() if each.is_open]
    return sorted(shown, key=lambda each: (each.severity is not Severity.CRITICAL, -each.since.timestamp()))


def list_incidents(cursor: str = "", limit: int = 50) -> Page[AlertIncident]:
    """All that ever opened, newest first."""
    query = select(AlertIncident).where(AlertIncident.opened_at.is_not(None)).order_by(AlertIncident.id.desc())
    if cursor:
        query = query.where(AlertIncident.id < id_after(cursor))
    return cut(list(db.session.scalars(query.limit(limit + 1))), limit, lambda row: str(row.id))


def get_incident(incident_id: uuid.UUID) -> AlertIncident:
    """The incident; raises NotFound."""
    found = db.session.scalars(select(AlertIncident).where(AlertIncident.id == incident_id)).first()
    if found is None or found.opened_at is None:
        raise NotFound("There is no such alert")
    return found


def lately(rule: Rule, since: datetime) -> Sequence[AlertIncident]:
    """The rule's incidents since then, newest first."""
    wanted = select(AlertIncident).where(AlertIncident.kind == rule.kind, AlertIncident.opened_at >= since)
    return db.session.scalars(wanted.order_by(AlertIncident.id.desc()).limit(MOST)).all()


def list_channels() -> Sequence[AlertChannel]:
    """All channels besides the console and e-mail, by name."""
    return db.session.scalars(select(AlertChannel).order_by(AlertChannel.name)).all()


def get_channel(channel_id: uuid.UUID) -> AlertChannel:
    """The channel; raises NotFound."""
    found = find_channel(channel_id)
    if found is None:
        raise NotFound("There is no such channel; it may have been removed")
    return found


def find_channel(channel_id: uuid.UUID) -> AlertChannel | None:
    """The channel, if it is still there."""
    return db.session.scalars(select(AlertChannel).where(AlertChannel.id == channel_id)).first()


def list_deliveries(incident_id: uuid.UUID | None = None, cursor: str = "", limit: int = 50) -> Page[AlertDelivery]:
    """What was told, newest first; of one incident if it is named."""
    query = select(AlertDelivery).order_by(AlertDelivery.id.desc())
    if incident_id is not None:
        query = query.where(AlertDelivery.incident_id == incident_id)
    if cursor:
        query = query.where(AlertDelivery.id < id_after(cursor))
    return cut(list(db.session.scalars(query.limit(limit + 1))), limit, lambda row: str(row.id))


def get_delivery(delivery_id: uuid.UUID) -> AlertDelivery:
    """The delivery; raises NotFound."""
    found = db.session.scalars(select(AlertDelivery).where(AlertDelivery.id == delivery_id)).first()
    if found is None:
        raise NotFound("There is no such delivery; it may be too old")
    return found


def standings(channels: Sequence[AlertChannel]) -> Mapping[str, Standing]:
    """What became of the last thing that was told by e-mail and by each of these; without those never used."""
    names = [EMAIL, *(str(channel.id) for channel in channels)]
    found = {name: _standing(name) for name in names}
    return {name: standing for name, standing in found.items() if standing is not None}


def _standing(channel: str) -> Standing | None:
    ended = select(AlertDelivery).where(AlertDelivery.channel == channel, AlertDelivery.state != DeliveryState.WAITING)
    last = db.session.scalars(ended.order_by(AlertDelivery.id.desc()).limit(1)).first()
    if last is None:
        return None
    return Standing(last.state.is_bad, last.answer, last.ended_at or last.created_at, last.code)


def bell(user_id: uuid.UUID | None) -> Unread:
    """What this person's bell shows. Every page asks: two short statements in one, past the ORM."""
    rows = fetch(BELL, user_id=user_id or uuid.UUID(int=0))
    new = [row for row in rows if row.seen_at is None or row.opened_at > row.seen_at]
    return Unread(len(rows), len(new), any(row.severity is Severity.CRITICAL for row in rows))


INCIDENTS: Any = cast(Table, AlertIncident.__table__).c
SEEN: Any = cast(Table, AlertSeen.__table__).c
_SEEN_AT = (
    select(SEEN.seen_at)
    .where(own_rows(SEEN), SEEN.user_id == bindparam("user_id", type_=SEEN.user_id.type))
    .scalar_subquery()
)
BELL = select(INCIDENTS.opened_at, INCIDENTS.severity, _SEEN_AT.label("seen_at")).where(
    own_rows(INCIDENTS),
    INCIDENTS.resolved_at.is_(None),
    INCIDENTS.opened_at.is_not(None),
    INCIDENTS.acknowledged_at.is_(None),
)

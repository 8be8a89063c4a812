"""What organizations allow themselves of a queue: jobs at once, jobs a minute, jobs that may wait; and how many at once
whoever runs the installation allows them.

The row of a limit is locked while a sweep hands out what it allows, so two machines never both see the same room; a
sweep that finds it locked passes the organization by and comes again in a tenth of a second.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple, cast

from sqlalchemy import Connection, Table, bindparam, select, text, union_all, update

from adsapp.core.db.constructs import any_of
from adsapp.jobs.models import Job, QueueLimit
from adsapp.jobs.states import Queue

JOBS = cast(Table, Job.__table__)
LIMITS = cast(Table, QueueLimit.__table__)

_LIMITS = select(LIMITS).where(LIMITS.c.queue == bindparam("queue"), any_of(LIMITS.c.organization_id, "organizations"))
_LOCK = _LIMITS.with_for_update(skip_locked=True)
_MOVE = (
    update(LIMITS)
    .where(LIMITS.c.organization_id == bindparam("owner"), LIMITS.c.queue == bindparam("of_queue"))
    .values(next_at=bindparam("moved_to"))
)
_theirs = (JOBS.c.queue == bindparam("queue"), any_of(JOBS.c.organization_id, "organizations"))
_UNDER_WAY = union_all(
    select(JOBS.c.organization_id).where(text("state = 'active'"), *_theirs),
    select(JOBS.c.organization_id).where(text("state = 'waiting'"), JOBS.c.dispatched_at.is_not(None), *_theirs),
)

SLACK_SECONDS = 0.25  # what a rate may catch up with after a sweep that came late
NO_LIMIT = 1_000_000_000


@dataclass
class Allowances:
    """What each organization may begin now; those without a limit are not in it."""

    queue: Queue
    rooms: dict[uuid.UUID, int] = field(default_factory=dict)
    rates: dict[uuid.UUID, tuple[int, datetime]] = field(default_factory=dict)  # a minute, and from when on

    def room(self, organization_id: uuid.UUID) -> int:
        """How many jobs it may begin now."""
        return self.rooms.get(organization_id, NO_LIMIT)

    def cut(self, heads: Sequence["Head"]) -> list["Head"]:
        """The jobs in their order, without those that no room is left for."""
        used: Counter[uuid.UUID] = Counter()
        kept = []
        for head in heads:
            if used[head.organization_id] < self.room(head.organization_id):
                used[head.organization_id] += 1
                kept.append(head)
        return kept

    def note(self, connection: Connection, begun: Iterable[uuid.UUID]) -> None:
        """Move the rates on by what was begun, an organization each."""
        moved = [
            {"owner": owner, "of_queue": self.queue, "moved_to": _after(*self.rates[owner], count)}
            for owner, count in Counter(begun).items()
            if owner in self.rates
        ]
        if moved:
            connection.execute(_MOVE, moved)


def take(connection: Connection, queue: Queue, organizations: Collection[uuid.UUID], now: datetime) -> Allowances:
    """Lock the limits of these organizations and tell what they allow now."""
    allowed = Allowances(queue)
    of_these = {"queue": queue, "organizations": organizations}
    known = connection.execute(_LIMITS, of_these).all()
    if not known:
        return allowed
    ours = {row.organization_id: row for row in connection.execute(_LOCK, of_these)}
    busy = _under_way(connection, queue, ours)
    for row in known:
        mine = ours.get(row.organization_id)
        allowed.rooms[row.organization_id] = 0 if mine is None else _room(mine, busy[row.organization_id], now)
        if mine is not None and mine.per_minute is not None:
            allowed.rates[row.organization_id] = (mine.per_minute, _since(mine.next_at, now))
    return allowed


def _room(limit: Any, under_way: int, now: datetime) -> int:
    set_limits = [most for most in (limit.at_once, limit.most_at_once) if most is not None]
    at_once = min(set_limits, default=NO_LIMIT) - under_way
    if limit.per_minute is None:
        return max(0, at_once)
    return max(0, min(at_once, _slots(limit.per_minute, _since(limit.next_at, now), now)))


def _interval(per_minute: int) -> timedelta:
    # A little longer than 60 s / n, so that no 60 s ever hold more than n even after a sweep that came late.
    return timedelta(seconds=(60 + SLACK_SECONDS) / per_minute)


def _since(next_at: datetime | None, now: datetime) -> datetime:
    earliest = now - timedelta(seconds=SLACK_SECONDS)
    return earliest if next_at is None else max(next_at, earliest)


def _slots(per_minute: int, since: datetime, now: datetime) -> int:
    return 0 if since > now else int((now - since) / _interval(per_minute)) + 1


def _after(per_minute: int, since: datetime, count: int) -> datetime:
    return since + count * _interval(per_minute)


def _under_way(connection: Connection, queue: Queue, organizations: Collection[uuid.UUID]) -> Counter[uuid.UUID]:
    """Jobs that run or lie in the broker, in one look, so that none is missed on its way from one to the other."""
    return Counter(connection.execute(_UNDER_WAY, {"queue": queue, "organizations": organizations}).scalars())


class Head(NamedTuple):
    """A job that is due, as far as dispatch must know it."""

    id: uuid.UUID
    organization_id: uuid.UUID
    priority: int  # with its age taken into account
    run_at: datetime

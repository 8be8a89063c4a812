"""Since when the oldest job of each queue waits: exact, and yet no look over all that waits."""

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CompoundSelect, Table, bindparam, func, null, select, text, union_all

from adsapp.core.db.prepared import fetch
from adsapp.jobs.models import OPEN, Job, JobCount
from adsapp.jobs.states import Priority, Queue, State

JOBS, COUNTS = cast(Table, Job.__table__), cast(Table, JobCount.__table__)
MOST_IN_BROKER = 10_000  # jobs; dispatch puts some hundreds of each queue there
MINE = bindparam("organization_id", type_=JOBS.c.organization_id.type)


def oldest_waits() -> dict[Queue, datetime | None]:
    """When the oldest due job of this organization was due, by queue; None if none waits. One statement."""
    oldest: dict[Queue, datetime | None] = dict.fromkeys(Queue)
    for queue, *heads in fetch(OLDEST):
        oldest[queue] = min((due for due in (oldest[queue], *heads) if due is not None), default=None)
    return oldest


def _heads() -> Any:
    """The head of each kind of job and priority, along the dispatcher's index."""
    waiting = (COUNTS.c.organization_id == MINE, COUNTS.c.state == State.WAITING)
    kinds = select(COUNTS.c.queue, COUNTS.c.processor).where(*waiting).distinct().subquery("kinds")
    return select(kinds.c.queue, *(_head(kinds, priority) for priority in Priority))


def _head(kinds: Any, priority: Priority) -> Any:
    head = select(JOBS.c.run_at).where(
        JOBS.c.queue == kinds.c.queue,
        JOBS.c.organization_id == MINE,
        JOBS.c.processor == kinds.c.processor,
        JOBS.c.priority == int(priority),
        JOBS.c.state == State.WAITING,
        OPEN,  # word for word, else SQLite uses no partial index
    )
    return head.order_by(JOBS.c.run_at).limit(1).correlate(kinds).scalar_subquery()


def _in_broker() -> Any:
    """The few that lie in the broker."""
    # The limit keeps SQLite from the key of organizations, of which it wrongly believes that it narrows most.
    lying = select(JOBS.c.organization_id, JOBS.c.queue, JOBS.c.run_at).where(
        text("state = 'waiting'"), JOBS.c.dispatched_at.is_not(None)
    )
    there = lying.limit(MOST_IN_BROKER).subquery("there")
    mine = select(there.c.queue, func.min(there.c.run_at), *(null() for _ in list(Priority)[1:]))
    return mine.where(there.c.organization_id == MINE).group_by(there.c.queue)


OLDEST: CompoundSelect[Any] = union_all(_heads(), _in_broker())

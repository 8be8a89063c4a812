"""After a restore nothing goes out by itself: what was sent since the backup was made is not known to the database.

The queues that send are paused for every organization, with the reason, and notifications with them. A person lets each
go on, on its page or on the command line, and is asked first how many people that reaches. What a schedule starts is a
job of these queues, and waits in them as well.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from adsapp.core import db
from adsapp.jobs import service
from adsapp.jobs.models import Job, QueueControl
from adsapp.jobs.queries.statistics import begins_if_resumed, held_back
from adsapp.jobs.states import Queue
from adsapp.organizations.auditing import By

RESTORE = "restore"  # who paused them
NOTIFICATIONS = "notify"
HELD = ((Queue.BULK_MESSAGES, ""), (Queue.EMAIL_NOTIFICATION, ""), (Queue.EMAIL_NOTIFICATION, NOTIFICATIONS))


@dataclass(frozen=True)
class Held:
    """A queue, or one kind of job in it, that the restore paused, and what begins if it goes on."""

    queue: Queue
    processor: str
    jobs: int
    people: int


def hold(made: str) -> None:
    """Pause what sends, in the session's organization; what people paused themselves without an end stays theirs.

    `made` says when the backup was made.
    """
    reason = f"Restored from the backup of {made}. Who was written to since is not known here: look, then resume"
    known = {(each.queue, each.processor): each for each in db.session.scalars(select(QueueControl))}
    for place in HELD:
        paused = known.get(place)
        if paused is None or paused.paused_until is not None:
            service.pause_queue(place[0], By(RESTORE, reason), processor=place[1])


def is_held() -> bool:
    """Whether anything of the session's organization waits for a person since a restore."""
    return bool(_controls())


def held() -> Sequence[Held]:
    """What waits for a person since a restore, in the session's organization."""
    return [
        Held(
            each.queue,
            each.processor,
            begins_if_resumed(each.queue, each.processor),
            _people(held_back(each.queue, each.processor)),
        )
        for each in _controls()
    ]


def let_go_on(by: By) -> int:
    """Resume what the restore paused, in the session's organization; how many pauses there were."""
    found = _controls()
    for each in found:
        service.resume_queue(each.queue, by, each.processor)
    return len(found)


def _controls() -> Sequence[QueueControl]:
    paused = select(QueueControl).where(QueueControl.by == RESTORE)
    return db.session.scalars(paused.order_by(QueueControl.queue, QueueControl.processor)).all()


def _people(jobs: Sequence[Job]) -> int:
    return service.reach(jobs) or 0

"""Taking turns: a job that could go on for long asks whether another waits for its thread."""

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs.models import Job
from adsapp.jobs.states import Queue, State


def is_waited_for(queue: Queue) -> bool:
    """True where a due job of any organization waits on this queue."""
    due = select(Job.id).where(Job.queue == queue, Job.state == State.WAITING, Job.run_at <= utcnow()).limit(1)
    with db.reading(), db.engine_transaction() as connection:
        return connection.execute(due).first() is not None

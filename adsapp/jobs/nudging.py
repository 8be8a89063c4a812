"""The nudge: after the commit, a job's id goes straight to the broker, for a start within milliseconds."""

from adsapp.core import context, db
from adsapp.core.logs import get_logger
from adsapp.jobs.models import Job
from adsapp.jobs.queue import Broker
from adsapp.jobs.states import State

log = get_logger()

# A nudge skips the sweep, so it is given only while the queue is nearly idle: under load the sweep decides who is
# next, and the broker stays shallow.
NUDGE_BELOW = 20


def nudge(job: Job, *, limited: bool) -> None:
    """Push the id once the transaction is committed. A lost nudge costs nothing but time.

    Nothing is pushed that may not begin yet, nor where the organization has limits: there the sweep alone decides.
    """
    if job.state != State.WAITING or job.blocked_by or limited:
        return
    broker: Broker = context.extension("broker")
    queue, job_id, priority = job.queue, job.id, int(job.priority)

    def push() -> None:
        try:
            broker.push_below(NUDGE_BELOW, queue, job_id, priority)
        except Exception as error:  # the broker is down: the sweep brings the row when it is back
            log.warning("nudge_lost", job_id=str(job_id), error=type(error).__name__)

    db.after_commit(push)

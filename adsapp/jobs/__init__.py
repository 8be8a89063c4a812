"""The job engine: what features need to add jobs and to write processors.

    from adsapp.jobs import Progress, Queue, enqueue, processor

Knows nothing of the features whose jobs it runs: each kind of job says all there is to know in its declaration. Inside:
`engine` runs jobs, `queries` says what can be seen of them, `bulk` acts on many at once, `console` shows pages, `api`
answers programs. `service` is what people may do to jobs.
"""

from adsapp.jobs.dependencies import After, Condition
from adsapp.jobs.enqueue import (
    Step,
    digest_of,
    enqueue,
    enqueue_flow,
    enqueue_for_what_came_in,
    enqueue_many,
    find_idempotent,
)
from adsapp.jobs.models import Job
from adsapp.jobs.progress import JobCancelled, JobFailed, Progress, Snooze
from adsapp.jobs.registry import ItemRow, Subject, lazy, processor
from adsapp.jobs.states import On, Priority, Queue, State

__all__ = [
    "After",
    "Condition",
    "Snooze",
    "ItemRow",
    "Job",
    "JobCancelled",
    "JobFailed",
    "On",
    "Priority",
    "Progress",
    "Queue",
    "State",
    "Step",
    "Subject",
    "digest_of",
    "enqueue",
    "enqueue_flow",
    "enqueue_for_what_came_in",
    "enqueue_many",
    "find_idempotent",
    "lazy",
    "processor",
]

"""A request that is sent twice because its answer was lost does its work once.

Under the same key the same request leads to the same job for as long as that job is kept; another request is refused.
"""

from adsapp.core import db
from adsapp.core.errors import Conflict
from adsapp.jobs.enqueue import find_idempotent
from adsapp.jobs.models import Job


class AskedMeanwhile(Conflict):
    """Another request with the same key was faster; what this one made must be rolled back."""


def find_replay(key: str | None, digest: str) -> Job | None:
    """The job of an earlier request with this key, detached; Conflict if that asked for something else.

    Nothing is locked and no transaction stays open: what is asked for may take long to receive.
    """
    if key is None:
        return None
    with db.read_only():
        job = find_idempotent(key, digest)
        if job is not None:
            db.session.expunge(job)
    return job


def require_subject(job: Job, subject: str) -> Job:
    """The job, if it was made for this subject; AskedMeanwhile if the key led to the job of another request."""
    if job.subject != subject:
        raise AskedMeanwhile("The same request was accepted at the same moment; ask again for its answer")
    return job

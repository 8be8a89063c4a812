"""One import or undo of an organization writes at a time: the others wait for all before them, and go on by themselves.

The job engine does the waiting: each such job comes after those that have not ended (`jobs.dependencies`).
"""

import hashlib
from collections.abc import Sequence

from sqlalchemy import delete, select

from adsapp.core import db
from adsapp.jobs import After, Job, On, Queue
from adsapp.jobs.dependencies import add_dependencies
from adsapp.jobs.models import JobDependency
from adsapp.jobs.states import FINAL

KINDS = ("import-contacts", "try-import", "undo-import")


def line_up(job: Job) -> None:
    """Let this job, which was just added or begun again, wait for those of its kinds that have not ended."""
    before = [each for each in ahead() if each.id != job.id]
    if not before:
        return
    # Begun again, it may have waited for one of them before.
    db.session.execute(delete(JobDependency).where(JobDependency.job_id == job.id))
    add_dependencies(job, [After(each.id, On.ALWAYS) for each in before])
    job.wait_reason = f"waits for “{before[-1].title}”"[:200]
    db.session.flush()


def ahead() -> Sequence[Job]:
    """The jobs of this organization that write contacts, or will; nobody adds another until this transaction ends."""
    # Without the lock, two requests at one moment would not see each other's job.
    key = hashlib.sha256(b"imports of " + db.require_organization_id().bytes).digest()
    db.hold_key(db.session.connection(), key)
    going = (Job.queue == Queue.CONTACT_IMPORT, Job.processor.in_(KINDS), Job.state.not_in(FINAL))
    return db.session.scalars(select(Job).where(*going).order_by(Job.id)).all()

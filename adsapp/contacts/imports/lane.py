"""One import or undo of an organization writes at a time: the others wait for all before them, and go on by themselves.

The job engine does the waiting: each such job comes after those that have not ended (`jobs.dependencies`).
"""

import hashlib

from adsapp.core import db
from adsapp.jobs import Job, Queue
from adsapp.jobs.dependencies import wait_for_all

KINDS = ("import-contacts", "try-import", "undo-import")


def line_up(job: Job) -> None:
    """Let this job, which was just added or begun again, wait for those of its kinds that have not ended."""
    hold()
    ahead = wait_for_all(job, Job.queue == Queue.CONTACT_IMPORT, Job.processor.in_(KINDS))
    if ahead:
        job.wait_reason = f"waits for “{ahead[-1].title}”"[:200]
        db.session.flush()


def hold() -> None:
    """Nobody adds another job of this organization that writes contacts until this transaction ends."""
    # Without it, two requests at one moment would not see each other's job.
    key = hashlib.sha256(b"imports of " + db.require_organization_id().bytes).digest()
    db.hold_key(db.session.connection(), key)

"""The header Idempotency-Key: a request that was sent twice, for want of an answer, does its work once.

Under the same key the same request gives the same job, as long as that is kept; another request is refused.
"""

import hashlib
import re
from typing import IO

from flask import request

from adsapp.core import db
from adsapp.core.errors import Conflict, Invalid
from adsapp.jobs import service
from adsapp.jobs.models import Job

HEADER = "Idempotency-Key"
VISIBLE = re.compile(r"[!-~]{1,200}")
_BLOCK = 1 << 20


class AskedMeanwhile(Conflict):
    """Another request with the same key was faster; what this one made must be rolled back."""


def requested_key() -> str | None:
    """The request's key, None without one; Invalid unless it is 1 to 200 visible ASCII characters."""
    key = request.headers.get(HEADER)
    if key is not None and not VISIBLE.fullmatch(key):
        raise Invalid.field(HEADER, "should be 1 to 200 visible ASCII characters, without blanks")
    return key


def known_job(key: str | None, digest: str) -> Job | None:
    """The job of an earlier request with this key, detached; Conflict where that asked for something else.

    Nothing is locked and no transaction stays open: what is asked for may take long to receive.
    """
    if key is None:
        return None
    with db.reading():
        job = service.find_idempotent(key, digest)
        if job is not None:
            db.session.expunge(job)
        db.session.rollback()
    return job


def own(job: Job, subject: str) -> Job:
    """The job, where it was made for this subject; AskedMeanwhile where the key led to that of another request."""
    if job.subject != subject:
        raise AskedMeanwhile("The same request was accepted at the same moment; ask again for its answer")
    return job


def sha256_of(stream: IO[bytes]) -> str:
    """The digest of what a stream holds; it stands at its beginning again afterwards."""
    digest = hashlib.sha256()
    stream.seek(0)
    while block := stream.read(_BLOCK):
        digest.update(block)
    stream.seek(0)
    return digest.hexdigest()

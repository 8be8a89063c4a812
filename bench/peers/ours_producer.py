"""Enqueues our jobs the way a view does: a row in the caller's transaction, a commit, the nudge after it."""

import os
import uuid

from adsapp import create_app, jobs
from adsapp.core import db
from bench.peers.ours_processor import NAME
from bench.peers.producing import Payload, produce


def main() -> None:
    """Do what the command line asks for."""
    with db.organization_context(create_app(), uuid.UUID(os.environ["BENCH_ORGANIZATION"])):
        produce(_one, _many)


def _one(payload: Payload) -> None:
    jobs.enqueue(NAME, payload)
    db.session.commit()


def _many(payloads: list[Payload]) -> None:
    jobs.enqueue_many(NAME, payloads)
    db.session.commit()


if __name__ == "__main__":
    main()

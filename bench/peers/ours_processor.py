"""The kind of job that only the bench knows; importing this registers it."""

import time
from dataclasses import dataclass

from adsapp.jobs import Progress, Queue, processor
from bench.peers import recording

NAME = "bench_noop"
QUEUE = Queue.TEMPLATE_PROCESSING


@dataclass(frozen=True)
class NoopParams:
    """How long it sleeps, and when somebody began to enqueue it (0: not measured)."""

    sleep_ms: float = 0.0
    sent_at: float = 0.0


@processor(NAME, queue=QUEUE)
def noop(params: NoopParams, progress: Progress) -> None:
    """Do nothing, or sleep."""
    recording.started(params.sent_at)
    if params.sleep_ms:
        time.sleep(params.sleep_ms / 1000)

"""From the broker to the threads of one queue: ids are asked for together, and short jobs a little ahead of time.

A thread does not wait for the very job whose id it took: it runs whichever is claimed next. While jobs are short, more
are claimed than there are threads, so that a claim's transaction is shared by many; the longer they take, the fewer,
down to none. What was claimed ahead and is not begun within a second goes back for others (docs/adr/0006).
"""

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from adsapp.jobs.broker import Source
from adsapp.jobs.engine.batching import BatchWriter
from adsapp.jobs.engine.heartbeat import Heartbeat
from adsapp.jobs.engine.outcomes import Completion, Released
from adsapp.jobs.progress import Claim, Control

AHEAD_SECONDS = 0.01  # of work that is claimed ahead of the threads
MOST_AHEAD = 40
STALE_SECONDS = 1.0
MEMORY = 0.1  # how much the last run counts in the average


@dataclass
class Ready:
    """A job that is claimed and waits for its thread."""

    claim: Claim
    control: Control
    since: float = field(default_factory=time.monotonic)


Run = Callable[[Claim, Control], None]


class Prefetcher:
    """One queue of this process; its threads share it."""

    def __init__(
        self, threads: int, commits: BatchWriter, heartbeat: Heartbeat, run: Run, stopping: threading.Event
    ) -> None:
        self._threads = threads
        self._commits = commits
        self._heartbeat = heartbeat
        self._run = run
        self._stopping = stopping
        self._changed = threading.Condition()
        self._ready: deque[Ready | None] = deque()  # None: a claim was refused
        self._promised = 0  # asked for and not yet taken by a thread; as many come into `_ready`
        self._takers = 0  # threads that wait for one of those
        self._run_seconds = 1.0  # an average that follows what is run here

    def run_next(self, source: Source) -> bool:
        """See that enough is asked for, then run what is claimed next; False if there is nothing to do."""
        self._ask_ahead(source)
        if not self._may_take():
            first = source.take()
            if first is None:
                return False
            self._ask([first])
            if not self._may_take():  # another thread was quicker
                return True
        source.call_another()  # there may be more
        ready = self._take()
        if ready is not None:
            self._begin(ready)
        return True

    def release(self, stale_only: bool = False) -> None:
        """Give back what no thread has begun: all of it, or what has waited too long."""
        before = time.monotonic() - STALE_SECONDS if stale_only else float("inf")
        with self._changed:
            back = [ready for ready in self._ready if ready is not None and ready.since < before]
            kept = [ready for ready in self._ready if ready is not None and ready.since >= before]
            # whoever waits for one of those that go gets nothing in its place
            self._ready = deque([*kept, *[None] * (len(self._ready) - len(kept))])
        reason = "its worker was busy" if stale_only else "its worker was shut down"
        for ready in back:
            self._commits.finish(Completion(ready.claim, Released(reason)), self._heartbeat.untrack)

    @property
    def _ahead(self) -> int:
        return min(MOST_AHEAD, int(self._threads * AHEAD_SECONDS / max(self._run_seconds, 1e-5)))

    def _missing(self) -> int:
        """How many ids to ask for, beside those that will come."""
        with self._changed:
            ahead = self._ahead
            wanted = self._takers + 1 + ahead - self._promised
        # By the handful, so that one thread asks for many and the others run.
        return wanted if ahead and wanted > ahead // 2 else 0

    def _ask_ahead(self, source: Source) -> None:
        if (missing := self._missing()) <= 0:
            return
        try:
            self._ask(source.take_many(missing))
        except Exception:  # the broker is away: what is claimed already is run all the same
            if not self._promised:
                raise

    def _may_take(self) -> bool:
        with self._changed:
            if self._promised <= self._takers:
                return False
            self._takers += 1
            return True

    def _take(self) -> Ready | None:
        with self._changed:
            self._changed.wait_for(lambda: self._ready)
            self._takers -= 1
            self._promised -= 1
            return self._ready.popleft()

    def _ask(self, job_ids: list[uuid.UUID]) -> None:
        if not job_ids:
            return
        if self._stopping.is_set():
            self._commits.unclaim(job_ids)
            return
        with self._changed:
            self._promised += len(job_ids)
        self._commits.request_claims(job_ids, self._answered)

    def _answered(self, claims: list[Claim | None]) -> None:
        """Called by the commit with an answer for each id; what is claimed is kept alive from here on."""
        ready = [None if claim is None else Ready(claim, self._heartbeat.track(claim)) for claim in claims]
        with self._changed:
            self._ready.extend(ready)
            self._changed.notify(len(ready))
        if self._stopping.is_set():
            self.release()

    def _begin(self, ready: Ready) -> None:
        began = time.monotonic()
        ready.control.deadline = began + ready.claim.timeout_seconds
        self._run(ready.claim, ready.control)
        self._run_seconds += MEMORY * (time.monotonic() - began - self._run_seconds)

"""Group commit: one thread a process writes the claims and endings of all its jobs, many in one transaction.

A transaction costs the same for one job as for fifty, so what comes in while one is under way goes into the next
together. Threads wait for their claims, for they cannot begin without; nobody waits for an ending: until it is
written the lease is held and renewed, and if the process dies before, the job is taken up again like any other that
lost its worker (docs/adr/0006).
"""

import threading
import time
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import engine_transaction
from adsapp.core.logs import get_logger
from adsapp.jobs import dispatch, history, leases
from adsapp.jobs.finishing import Ending, Failed, finish_many
from adsapp.jobs.leases import WorkerIdentity
from adsapp.jobs.progress import Claim

log = get_logger()

MOST_AT_ONCE = 200  # endings or claims in one transaction
BUSY = 4  # claims and endings that came together: from here on it pays to wait for more
GATHER_SECONDS = 0.001
FINISH_TRIES_SECONDS = 10  # a database that is away for a moment must not turn work that is done into a lost worker
TRY_AGAIN_SECONDS = 0.2


@dataclass
class _Asked:
    """A thread that waits for its claim."""

    job_id: uuid.UUID
    answer: Future[Claim | None] = field(default_factory=Future)


@dataclass
class _Ended:
    """An ending on its way into the database, and whom to tell when it is there."""

    ending: Ending
    then: Callable[[Claim], None]
    give_up: float = field(default_factory=lambda: time.monotonic() + FINISH_TRIES_SECONDS)


class GroupCommit:
    """Claims and endings of this process. `start`, then `stop` once nothing is held any more."""

    def __init__(
        self, engine: Engine, clock: DatabaseClock, worker: WorkerIdentity, lease: float, retry_seconds: float
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._retry_seconds = retry_seconds
        self._asked: list[_Asked] = []
        self._ended: list[_Ended] = []
        self._missed: set[uuid.UUID] = set()  # asked for in vain: paused meanwhile, or locked by somebody just then
        self._some = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="commits", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def stop(self) -> None:
        """Write what is there, then end."""
        with self._some:
            self._stopped = True
            self._some.notify()
        self._thread.join(timeout=FINISH_TRIES_SECONDS + 5)

    def claim(self, job_id: uuid.UUID) -> Claim | None:
        """Take the job; None where it is not ours to run, or the database does not answer."""
        asked = _Asked(job_id)
        with self._some:
            self._asked.append(asked)
            self._some.notify()
        return asked.answer.result()

    def finish(self, ending: Ending, then: Callable[[Claim], None]) -> None:
        """Write the end of an attempt soon, and call `then` when the job is no longer ours, either way."""
        with self._some:
            self._ended.append(_Ended(ending, then))
            self._some.notify()

    def _run(self) -> None:
        size = 0
        while True:
            if size >= BUSY:
                time.sleep(GATHER_SECONDS)  # more will come at once: let it go along
            with self._some:
                self._some.wait_for(lambda: self._asked or self._ended or self._missed or self._stopped)
                if self._stopped and not (self._asked or self._ended):
                    return
                asked, self._asked = self._asked[:MOST_AT_ONCE], self._asked[MOST_AT_ONCE:]
                ended, self._ended = self._ended[:MOST_AT_ONCE], self._ended[MOST_AT_ONCE:]
            size = len(asked) + len(ended)
            self._write(ended, asked)

    def _write(self, ended: list[_Ended], asked: list[_Asked]) -> None:
        try:
            with engine_transaction(self._engine) as connection:
                finished = self._finish(connection, ended)
                claims = self._claim(connection, asked)
                history.record(connection, finished, self._clock.now())
        except Exception as error:  # whatever it was, it must end neither the thread nor the others' work
            self._fall_back(ended, asked, error)
            return
        for each in ended:
            each.then(each.ending.claim)
        for each_asked in asked:
            each_asked.answer.set_result(claims.pop(each_asked.job_id, None))

    def _finish(self, connection: Connection, ended: list[_Ended]) -> list[Any]:
        if not ended:
            return []
        finished = finish_many(connection, self._clock, [each.ending for each in ended], self._retry_seconds)
        for each, state in zip(ended, finished.states, strict=True):
            if state is None:
                claim = each.ending.claim
                log.warning("late_finish", job_id=str(claim.job_id), attempt=claim.attempt)
        return finished.ended

    def _claim(self, connection: Connection, asked: list[_Asked]) -> dict[uuid.UUID, Claim]:
        missed, self._missed = self._missed, set()
        dispatch.give_back(connection, missed)
        if not asked:
            return {}
        ids = {each.job_id for each in asked}  # a duplicate message asks in vain
        claims = leases.claim_many(connection, self._clock.now(), self._worker, list(ids), self._lease)
        self._missed = ids - set(claims)
        return claims

    def _fall_back(self, ended: list[_Ended], asked: list[_Asked], error: Exception) -> None:
        """Claims are left to dispatch; endings are tried again, alone where one may spoil the others."""
        log.warning("commit_again", endings=len(ended), claims=len(asked), error=type(error).__name__)
        self._missed |= {each.job_id for each in asked}
        for each_asked in asked:
            each_asked.answer.set_result(None)
        if isinstance(error, OperationalError):
            self._later(ended, 0 if _is_deadlock(error) else TRY_AGAIN_SECONDS)
        elif len(ended) > 1:
            for each in ended:
                self._write([each], [])
        elif ended:
            self._write_bare(ended[0], error)

    def _later(self, ended: list[_Ended], seconds: float) -> None:
        time.sleep(seconds)
        now = time.monotonic()
        for each in ended:
            if now > each.give_up:
                each.then(each.ending.claim)  # the reaper takes it
        with self._some:
            self._ended = [each for each in ended if now <= each.give_up] + self._ended

    def _write_bare(self, ended: _Ended, error: Exception) -> None:
        """Something in this ending cannot be stored: the job fails with that reason instead of hanging."""
        claim = ended.ending.claim
        words = f"What the job returned cannot be stored: {type(error).__name__}."
        failed = Ending(claim, Failed("result_not_stored", words, "", permanent=True))
        try:
            with engine_transaction(self._engine) as connection:
                finished = finish_many(connection, self._clock, [failed], self._retry_seconds)
                history.record(connection, finished.ended, self._clock.now())
        except DBAPIError as again:
            log.error("finish_lost", job_id=str(claim.job_id), error=type(again).__name__)
        ended.then(claim)


def _is_deadlock(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "40P01"

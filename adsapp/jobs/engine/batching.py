"""Group commit: a thread or two a process write the claims and endings of all its jobs, many in one transaction.

A transaction costs the same for one job as for fifty, so what comes in while one is under way goes into the next
together. Nobody waits for an ending: until it is written the lease is held and renewed, and if the process dies
before, the job is taken up again like any other that lost its worker (docs/adr/0006).
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import end_engine_connection, engine_connection
from adsapp.core.logs import get_logger
from adsapp.jobs.engine import claims, dispatch, recording
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.completion import finish, finish_many
from adsapp.jobs.engine.outcomes import Ending, Failed
from adsapp.jobs.progress import Claim

log = get_logger()

MOST_AT_ONCE = 200  # endings in one transaction
BUSY = 4  # claims and endings that came together: from here on it pays to wait for more
GATHER_SECONDS = 0.001
LANES = 2  # transactions under way at once on PostgreSQL: while one waits for the database, the next is made
FINISH_TRIES_SECONDS = 10  # a database that is away for a moment must not turn work that is done into a lost worker
TRY_AGAIN_SECONDS = 0.2


Answer = Callable[[list[Claim | None]], None]


@dataclass
class _Asked:
    """Ids that somebody wants to claim, and whom to tell which of them are ours."""

    job_ids: list[uuid.UUID]
    then: Answer


@dataclass
class _Ended:
    """An ending on its way into the database, and whom to tell when it is there."""

    ending: Ending
    then: Callable[[Claim], None]
    give_up: float = field(default_factory=lambda: time.monotonic() + FINISH_TRIES_SECONDS)


class _Lane:
    """A connection that is kept from one transaction to the next; after an error it is a new one."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None
        self._level = ""

    @contextlib.contextmanager
    def transaction(self, *, one_statement: bool = False) -> Iterator[Connection]:
        """Commits at its end. What is one statement is a transaction by itself: PostgreSQL is not told twice more."""
        try:
            connection = self._open()
            self._set_level(connection, "AUTOCOMMIT" if one_statement else "READ COMMITTED")
            with connection.begin():
                yield connection
        except BaseException:
            self.close()
            raise

    def _open(self) -> Connection:
        if self._connection is None:
            self._connection = engine_connection(self._engine)
        return self._connection

    def _set_level(self, connection: Connection, level: str) -> None:
        if level != self._level and connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level=level)
            self._level = level

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._connection is not None:
            end_engine_connection(self._connection)
            self._connection, self._level = None, ""


class GroupCommit:
    """Claims and endings of this process. `start`, then `stop` once nothing is held any more."""

    def __init__(
        self,
        engine: Engine,
        clock: DatabaseClock,
        worker: WorkerIdentity,
        lease: float,
        retry_seconds: float,
        may_be_due: Callable[[], None] = lambda: None,
    ) -> None:
        """`may_be_due` is called when jobs have ended or went back: a retry, or one that waited, may be due now."""
        self._engine = engine
        self._clock = clock
        self._worker = worker
        self._lease = lease
        self._retry_seconds = retry_seconds
        self._may_be_due = may_be_due
        self._asked: list[_Asked] = []
        self._ended: list[_Ended] = []
        self._missed: set[uuid.UUID] = set()  # to be given back
        self._some = threading.Condition()
        self._stopped = False
        lanes = LANES if engine.dialect.name == "postgresql" else 1  # SQLite has one writer
        self._threads = [
            threading.Thread(target=self._run, args=(_Lane(engine),), name=f"commits {n}", daemon=True)
            for n in range(lanes)
        ]

    def start(self) -> None:
        """Begin to write."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """Write what is there, then end."""
        with self._some:
            self._stopped = True
            self._some.notify_all()
        for thread in self._threads:
            thread.join(timeout=FINISH_TRIES_SECONDS + 5)

    def ask(self, job_ids: list[uuid.UUID], then: Answer) -> None:
        """Claim these jobs soon; `then` gets the claim of each in their order, None for those that are not ours."""
        with self._some:
            self._asked.append(_Asked(job_ids, then))
            self._some.notify()

    def give_back(self, job_ids: Iterable[uuid.UUID]) -> None:
        """Let others have jobs whose ids were taken from the broker and are not asked for."""
        with self._some:
            self._missed.update(job_ids)
            self._some.notify()

    def finish(self, ending: Ending, then: Callable[[Claim], None]) -> None:
        """Write the end of an attempt soon, and call `then` when the job is no longer ours, either way."""
        with self._some:
            self._ended.append(_Ended(ending, then))
            self._some.notify()

    def _run(self, lane: _Lane) -> None:
        size = 0
        while True:
            if size >= BUSY:
                time.sleep(GATHER_SECONDS)  # more will come at once: let it go along
            with self._some:
                self._some.wait_for(lambda: self._asked or self._ended or self._missed or self._stopped)
                if self._stopped and not (self._asked or self._ended or self._missed):
                    break
                asked, self._asked = self._asked, []
                missed, self._missed = self._missed, set()
                ended, self._ended = self._ended[:MOST_AT_ONCE], self._ended[MOST_AT_ONCE:]
            size = len(ended) + sum(len(each.job_ids) for each in asked)
            self._write(lane, ended, asked, missed)
        lane.close()

    def _write(self, lane: _Lane, ended: list[_Ended], asked: list[_Asked], missed: set[uuid.UUID]) -> None:
        try:
            with lane.transaction(one_statement=not ended and not missed) as connection:
                finished = self._finish(connection, ended)
                claims = self._claim(connection, asked)
                dispatch.give_back(connection, missed)
                recording.record(connection, finished, self._clock.now())
        except Exception as error:  # whatever it was, it must end neither the thread nor the others' work
            self._fall_back(lane, ended, asked, error)
            return
        for each in ended:
            each.then(each.ending.claim)
        self._answer(asked, claims)
        if ended or missed:
            self._may_be_due()

    def _answer(self, asked: list[_Asked], claims: dict[uuid.UUID, Claim]) -> None:
        in_vain: set[uuid.UUID] = set()
        for each in asked:
            answers = [claims.pop(job_id, None) for job_id in each.job_ids]
            # Paused meanwhile, or locked by somebody just then: dispatch hands it out again.
            in_vain |= {job_id for job_id, claim in zip(each.job_ids, answers, strict=True) if claim is None}
            each.then(answers)
        self.give_back(in_vain)

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
        if not asked:
            return {}
        ids = {job_id for each in asked for job_id in each.job_ids}  # a duplicate message asks in vain
        return claims.claim_many(connection, self._clock.now(), self._worker, list(ids), self._lease)

    def _fall_back(self, lane: _Lane, ended: list[_Ended], asked: list[_Asked], error: Exception) -> None:
        """Claims are left to dispatch; endings are tried again, alone where one may spoil the others."""
        log.warning("commit_again", endings=len(ended), asked=len(asked), error=type(error).__name__)
        self._answer(asked, {})
        if isinstance(error, OperationalError):
            self._later(ended, 0 if _is_deadlock(error) else TRY_AGAIN_SECONDS)
        elif len(ended) > 1:
            for each in ended:
                self._write(lane, [each], [], set())
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
        failed = Failed("result_not_stored", words, "", permanent=True)
        try:
            finish(self._engine, self._clock, claim, failed, self._retry_seconds)
        except DBAPIError as again:
            log.error("finish_lost", job_id=str(claim.job_id), error=type(again).__name__)
        ended.then(claim)


def _is_deadlock(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "40P01"

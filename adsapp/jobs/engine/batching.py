"""Group commit: a thread or two a process write the claims and completions of all its jobs, many at once.

A transaction costs the same for one job as for fifty, so what comes in while one is under way goes into the next
together. Nobody waits for a completion: until it is written the lease is held and renewed, and if the process dies
before, the job is taken up again like any other that lost its worker (docs/adr/0006).
"""

import contextlib
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError, OperationalError

from adsapp.core.clock import DatabaseClock
from adsapp.core.db import end_engine_connection, engine_connection, has_one_writer, set_isolation_level
from adsapp.core.logs import get_logger
from adsapp.jobs.engine import claims, counting, dispatch, job_lines, recording
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.completion import finish, finish_many
from adsapp.jobs.engine.outcomes import Completion, Failed, Finished
from adsapp.jobs.progress import Claim

log = get_logger()

MOST_AT_ONCE = 200  # completions in one transaction
BUSY = 4  # claims and completions that came together: from here on it pays to wait for more
GATHER_SECONDS = 0.003  # with the transaction, less than the work that is claimed ahead: no thread waits for it
WRITERS = 2  # transactions under way at once on PostgreSQL: while one waits for the database, the next is made
FINISH_TRIES_SECONDS = 10  # a database that is away for a moment must not turn work that is done into a lost worker
TRY_AGAIN_SECONDS = 0.2


Answer = Callable[[list[Claim | None]], None]


@dataclass
class ClaimRequest:
    """Ids of jobs that are to be claimed, and whom to tell which of them are ours."""

    job_ids: list[uuid.UUID]
    on_done: Answer


@dataclass
class CompletionRequest:
    """A completion that is to be written, and whom to tell when it is."""

    completion: Completion
    on_done: Callable[[Claim], None]
    deadline: float = field(default_factory=lambda: time.monotonic() + FINISH_TRIES_SECONDS)


class _Writer:
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
        if level != self._level:
            set_isolation_level(connection, level)
            self._level = level

    def close(self) -> None:
        """End the connection, if there is one."""
        if self._connection is not None:
            end_engine_connection(self._connection)
            self._connection, self._level = None, ""


class BatchWriter:
    """Writes the claims and completions of this process. `start`, then `stop` once nothing is held any more."""

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
        self._claim_requests: list[ClaimRequest] = []
        self._completion_requests: list[CompletionRequest] = []
        self._to_release: set[uuid.UUID] = set()  # jobs to undispatch
        self._some = threading.Condition()
        self._stopped = False
        writers = 1 if has_one_writer(engine) else WRITERS
        self._threads = [
            threading.Thread(target=self._run, args=(_Writer(engine),), name=f"commits {n}", daemon=True)
            for n in range(writers)
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

    def request_claims(self, job_ids: list[uuid.UUID], on_done: Answer) -> None:
        """Claim these jobs soon; `on_done` gets the claim of each in their order, None for those that are not ours."""
        with self._some:
            self._claim_requests.append(ClaimRequest(job_ids, on_done))
            self._some.notify()

    def unclaim(self, job_ids: Iterable[uuid.UUID]) -> None:
        """Let others have jobs whose ids were taken from the broker and are not asked for."""
        with self._some:
            self._to_release.update(job_ids)
            self._some.notify()

    def finish(self, completion: Completion, on_done: Callable[[Claim], None]) -> None:
        """Write the end of an attempt soon, and call `on_done` when the job is no longer ours, either way."""
        with self._some:
            self._completion_requests.append(CompletionRequest(completion, on_done))
            self._some.notify()

    def _has_work(self) -> bool:
        return bool(self._claim_requests or self._completion_requests or self._to_release)

    def _run(self, writer: _Writer) -> None:
        size = 0
        while True:
            if size >= BUSY:
                time.sleep(GATHER_SECONDS)  # more will come at once: let it go along
            with self._some:
                self._some.wait_for(lambda: self._has_work() or self._stopped)
                if not self._has_work():
                    break
                asked, self._claim_requests = self._claim_requests, []
                to_release, self._to_release = self._to_release, set()
                ended = self._completion_requests[:MOST_AT_ONCE]
                self._completion_requests = self._completion_requests[MOST_AT_ONCE:]
            size = len(ended) + sum(len(each.job_ids) for each in asked)
            self._write(writer, ended, asked, to_release)
        writer.close()

    def _write(
        self, writer: _Writer, ended: list[CompletionRequest], asked: list[ClaimRequest], to_release: set[uuid.UUID]
    ) -> None:
        try:
            with writer.transaction(one_statement=not ended and not to_release) as connection:
                finished = self._finish(connection, ended)
                claims = self._claim(connection, asked)
                dispatch.undispatch(connection, to_release)
                recording.record(connection, finished.ended, self._clock.now(), finished.items)
        except Exception as error:  # whatever it was, it must end neither the thread nor the others' work
            self._fall_back(writer, ended, asked, error)
            return
        for each in ended:
            each.on_done(each.completion.claim)
        self._answer(asked, claims)
        completions = [each.completion for each in ended]
        for completion, state in zip(completions, finished.states, strict=True):
            job_lines.ended(completion, state)
        counting.count_attempts(completions, finished.states)
        counting.count_ended(finished.ended, self._clock.now())
        if ended or to_release:
            self._may_be_due()

    def _answer(self, asked: list[ClaimRequest], claims: dict[uuid.UUID, Claim]) -> None:
        refused: set[uuid.UUID] = set()
        for each in asked:
            answers = [claims.pop(job_id, None) for job_id in each.job_ids]
            # Paused meanwhile, or locked by somebody just then: dispatch hands it out again.
            refused |= {job_id for job_id, claim in zip(each.job_ids, answers, strict=True) if claim is None}
            each.on_done(answers)
        self.unclaim(refused)

    def _finish(self, connection: Connection, ended: list[CompletionRequest]) -> Finished:
        if not ended:
            return Finished([], [])
        return finish_many(connection, self._clock, [each.completion for each in ended], self._retry_seconds)

    def _claim(self, connection: Connection, asked: list[ClaimRequest]) -> dict[uuid.UUID, Claim]:
        if not asked:
            return {}
        ids = {job_id for each in asked for job_id in each.job_ids}  # a duplicate message gets nothing
        return claims.claim_many(connection, self._clock.now(), self._worker, list(ids), self._lease)

    def _fall_back(
        self, writer: _Writer, ended: list[CompletionRequest], asked: list[ClaimRequest], error: Exception
    ) -> None:
        """Claims are left to dispatch; completions are tried again, alone if one may spoil the others."""
        log.warning("commit_again", endings=len(ended), asked=len(asked), error=type(error).__name__)
        self._answer(asked, {})
        if isinstance(error, OperationalError):
            self._later(ended, 0 if _is_deadlock(error) else TRY_AGAIN_SECONDS)
        elif len(ended) > 1:
            for each in ended:
                self._write(writer, [each], [], set())
        elif ended:
            self._write_bare(ended[0], error)

    def _later(self, ended: list[CompletionRequest], seconds: float) -> None:
        time.sleep(seconds)
        now = time.monotonic()
        for each in ended:
            if now > each.deadline:
                each.on_done(each.completion.claim)  # the reaper takes it
        with self._some:
            self._completion_requests = [each for each in ended if now <= each.deadline] + self._completion_requests

    def _write_bare(self, ended: CompletionRequest, error: Exception) -> None:
        """Something in this completion cannot be stored: the job fails with that reason instead of hanging."""
        claim = ended.completion.claim
        words = f"What the job returned cannot be stored: {type(error).__name__}."
        failed = Failed("result_not_stored", words, "", permanent=True)
        try:
            finish(self._engine, self._clock, claim, failed, self._retry_seconds)
        except DBAPIError as again:
            log.error("finish_lost", job_id=str(claim.job_id), error=type(again).__name__)
        ended.on_done(claim)


def _is_deadlock(error: OperationalError) -> bool:
    return getattr(error.orig, "sqlstate", None) == "40P01"

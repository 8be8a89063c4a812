"""What happens to a run: each blow at a moment and with a victim that its seed decides."""

import random
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from adsapp.jobs import Queue
from adsapp.jobs.broker import Broker
from tests.chaos.fleet import Fleet, Member
from tests.chaos.ground import QUICK, Ground

FREEZE_LEASES = 2.1  # how long a worker is frozen, in leases: long enough for the reaper and a new attempt
BROKER_AWAY_SECONDS = 0.6  # at most
REPEATED = 20  # messages


class Blow(StrEnum):
    """Kinds of blows."""

    KILL = "kill"  # kill -9 of a worker, wherever it is
    KILL_IN_DISPATCH = "kill_in_dispatch"  # between the sweep's commit and the push
    TERM = "term"  # SIGTERM, and a new one in its place
    FREEZE = "freeze"  # SIGSTOP for longer than a lease, then SIGCONT
    FLUSH = "flush"  # every message of the broker is gone
    REPEAT = "repeat"  # messages of jobs that were handed over long ago come again
    CRASH_BROKER = "crash_broker"  # kill -9, and back without its memory
    CRASH_DATABASE = "crash_database"  # and back by its log


EMBEDDED = tuple(blow for blow in Blow if blow not in (Blow.CRASH_BROKER, Blow.CRASH_DATABASE))


def kinds(distributed: bool) -> Sequence[Blow]:
    """What can happen in a shape: SQLite and its queues are files, so there is no server to crash."""
    return tuple(Blow) if distributed else EMBEDDED


def plan(rng: random.Random, distributed: bool, count: int, span: float) -> list[tuple[float, Blow]]:
    """`count` blows over `span` seconds, every kind at least once, in order of time."""
    every = list(kinds(distributed))
    chosen = every + [rng.choice(every) for _ in range(count - len(every))]
    return sorted((rng.uniform(0.05 * span, span), blow) for blow in chosen)


@dataclass
class Fist:
    """Strikes."""

    rng: random.Random
    ground: Ground
    fleet: Fleet
    broker: Broker

    def strike(self, blow: Blow, sent: Sequence[tuple[Queue, UUID]]) -> bool:
        """One blow; `sent` are the jobs enqueued so far. False where nobody was there to be struck."""
        match blow:
            case Blow.KILL:
                return self._on_one(self._kill)
            case Blow.TERM:
                return self._on_one(self._term)
            case Blow.FREEZE:
                return self._on_one(self._freeze)
            case Blow.KILL_IN_DISPATCH:
                self.fleet.hire("dies-in-dispatch", counts=False)
            case Blow.FLUSH:
                self._flush()
            case Blow.REPEAT:
                self._repeat(sent)
            case Blow.CRASH_BROKER:
                self.ground.crash_broker(self.rng.uniform(0, BROKER_AWAY_SECONDS))
            case Blow.CRASH_DATABASE:
                self.ground.crash_database()
        return True

    def _on_one(self, strike: Callable[[Member], None]) -> bool:
        awake = self.fleet.awake()
        if awake:
            strike(self.rng.choice(awake))
        return bool(awake)

    def _kill(self, member: Member) -> None:
        member.killed = True
        member.send(signal.SIGKILL)

    def _term(self, member: Member) -> None:
        member.leaving = True
        member.send(signal.SIGTERM)

    def _freeze(self, member: Member) -> None:
        self.fleet.freeze(member, FREEZE_LEASES * QUICK["lease_seconds"])

    def _flush(self) -> None:
        if self.ground.is_distributed:
            self.ground.flush()
        else:
            self.broker.flush()

    def _repeat(self, sent: Sequence[tuple[Queue, UUID]]) -> None:
        for queue, job_id in self.rng.sample(sent, min(len(sent), REPEATED)):
            self.broker.push(queue, job_id, self.rng.randint(1, 4))

"""The jobs of a run: which moods, when, for whom; all decided by the seed."""

import random
import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from adsapp.jobs import Priority, Queue
from tests.chaos.moods import QUEUES, ChaosParams, Mood

ORGANIZATIONS = 4

# How often a mood comes, in a hundred jobs, after each came once.
WEIGHTS: dict[Mood, int] = {
    Mood.SUCCEEDS: 16,
    Mood.CRAWLS: 14,
    Mood.COMMITS: 16,
    Mood.HANDS_BACK: 8,
    Mood.FAILS_ONCE: 8,
    Mood.FAILS_ALWAYS: 5,
    Mood.PERMANENT: 4,
    Mood.DELAYED: 10,
    Mood.DIES: 2,
    Mood.CANCELLED_WAITING: 4,
    Mood.CANCELLED_RUNNING: 4,
    Mood.CANCELLED_AWAY: 4,
    Mood.CANCELLED_LEAVING: 2,
    Mood.RACES: 5,
}


@dataclass
class Task:
    """A job as it is asked for, and whether something is left to be done to it from outside."""

    number: int
    at: float  # seconds after the begin of the run
    organization: int
    queue: Queue
    priority: Priority
    params: ChaosParams
    run_in: float  # seconds
    job_id: uuid.UUID | None = None
    is_settled: bool = False

    @property
    def mood(self) -> Mood:
        """How it behaves."""
        return self.params.mood


def make_tasks(rng: random.Random, jobs: int, span: float) -> list[Task]:
    """So many jobs over `span` seconds in order of time, every mood at least once where there is room."""
    some = rng.choices(list(WEIGHTS), list(WEIGHTS.values()), k=max(0, jobs - len(Mood)))
    moods = [*Mood, *some][:jobs]
    rng.shuffle(moods)
    moments = sorted(rng.uniform(0, span) for _ in moods)
    return [_make(rng, number, at, mood) for number, (at, mood) in enumerate(zip(moments, moods, strict=True))]


def _make(rng: random.Random, number: int, at: float, mood: Mood) -> Task:
    return Task(
        number=number,
        at=at,
        organization=rng.randrange(ORGANIZATIONS),
        queue=rng.choice(QUEUES),
        priority=rng.choice(list(Priority)),
        params=_params(rng, mood),
        run_in=rng.uniform(0.1, 2.0) if mood is Mood.DELAYED else 0.0,
    )


def _params(rng: random.Random, mood: Mood) -> ChaosParams:
    match mood:
        case Mood.CRAWLS | Mood.RACES:
            return ChaosParams(mood, rng.randint(5, 25), rng.uniform(0.005, 0.05))
        case Mood.COMMITS:
            return ChaosParams(mood, rng.randint(10, 40), rng.uniform(0.02, 0.06))
        case Mood.HANDS_BACK:
            return ChaosParams(mood, rng.randint(1, 4), rng.uniform(0, 0.4))
        case Mood.CANCELLED_RUNNING:
            return ChaosParams(mood, 1_000_000, 0.02)  # without the cancellation it would outlive the run
        case Mood.CANCELLED_LEAVING:
            return ChaosParams(mood, rng.randint(1, 2), 0.02)
        case _:
            return ChaosParams(mood)


def sent(tasks: Sequence[Task]) -> list[tuple[Queue, uuid.UUID]]:
    """Queue and id of those that were enqueued so far."""
    return [(task.queue, task.job_id) for task in tasks if task.job_id is not None]

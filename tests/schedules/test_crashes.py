"""kill -9 at every step of a fire, in real worker processes: each time is fired once, nothing is half written."""

import signal
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta

import pytest

from adsapp.config import Settings
from adsapp.core.clock import utcnow
from adsapp.jobs import State
from adsapp.schedules.models import FireState, Overlap
from tests.installation import Installation
from tests.schedules.dying import STEPS
from tests.schedules.scene import Times
from tests.waiting import wait_for

OF_REPLACING = ("cancelling", "cancelled")
KILLED = signal.SIGKILL.value


@pytest.fixture
def processes(settings: Settings) -> Iterator[Installation]:
    """Worker processes over the same settings."""
    processes = Installation(settings)
    yield processes
    processes.stop()


def start(processes: Installation, step: str) -> None:
    processes._start("tests.schedules.dying", [step])


def killed_at(processes: Installation, step: str) -> None:
    """A worker that dies there by itself."""
    start(processes, step)
    process = processes.running.pop()
    process.join(30)
    assert process.exitcode == -KILLED, f"it did not die when it had {step}"


def test_a_worker_killed_at_any_step_fires_each_time_once(times: Times, processes: Installation) -> None:
    schedules = []
    for step in STEPS.keys() - {*OF_REPLACING, "never"}:
        schedules.append(times.add("0 0 1 1 *", next_run_at=utcnow() - timedelta(seconds=1)))
        killed_at(processes, step)
        fires = [fire for each in schedules for fire in times.fires(each)]
        assert Counter(fire.job_id for fire in fires) == Counter(job.id for job in times.jobs()), step
        due = [each for each in schedules if (times.read(each).next_run_at or utcnow()) <= utcnow()]
        assert len(due) + len(fires) == len(schedules), f"half a fire when it had {step}"
    for _ in range(2):
        start(processes, "never")
    wait_for(lambda: all(_ran_once(times, each) for each in schedules), 60, "each time is fired and its job ends")
    assert len(times.jobs()) == len(schedules)


def _ran_once(times: Times, schedule_id: object) -> bool:
    fires, jobs = times.fires(schedule_id), times.jobs(schedule_id)  # type: ignore[arg-type]
    assert len(fires) <= 1
    assert len(jobs) <= 1
    return bool(fires) and all(job.state is State.COMPLETED for job in jobs)


@pytest.mark.parametrize("step", OF_REPLACING)
def test_a_run_that_takes_anothers_place_does_so_though_a_worker_dies_over_it(
    times: Times, processes: Installation, step: str
) -> None:
    schedule_id = times.add("0 0 1 1 *", overlap=Overlap.CANCEL, next_run_at=utcnow() - timedelta(seconds=1))
    times.fire(utcnow())
    (old,) = times.jobs(schedule_id)
    times.change_job(old.id, state=State.DELAYED, run_at=utcnow() + timedelta(days=1))
    times.change_schedule(schedule_id, next_run_at=utcnow() - timedelta(milliseconds=500))
    times.fire(utcnow())
    assert [fire.state for fire in times.fires(schedule_id)] == [FireState.STARTED, FireState.REPLACING]
    killed_at(processes, step)
    assert [job.state for job in times.jobs(schedule_id)] == [State.DELAYED, State.DELAYED]
    for _ in range(2):
        start(processes, "never")
    wait_for(lambda: times.jobs(schedule_id)[1].state is State.COMPLETED, 60, "the new run is through")
    assert times.jobs(schedule_id)[0].state is State.CANCELLED

"""Each time of a schedule is fired once: what starts, what is left out and why, and who is asked."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import State
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import JobDependency, QueueLimit
from adsapp.jobs.states import Queue
from adsapp.schedules import firing
from adsapp.schedules.dispatcher import Dispatcher
from adsapp.schedules.models import CatchUp, FireState, Overlap, Schedule, ScheduleState
from tests.cast import Cast
from tests.schedules.scene import DAY, NINE, Times
from tests.waiting import wait_for

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def test_what_is_due_starts_and_is_due_again_next_time(times: Times) -> None:
    schedule_id = times.add()
    assert times.fire(NINE - MINUTE).schedules == 0
    fired = times.fire(NINE)
    assert (fired.schedules, fired.jobs, set(fired.queues)) == (1, 1, {Queue.TEMPLATE_PROCESSING})
    (job,) = times.jobs(schedule_id)
    (fire,) = times.fires(schedule_id)
    assert (fire.fire_at, fire.state, fire.job_id, fire.by) == (NINE, FireState.STARTED, job.id, "")
    assert (job.title, job.state, job.created_by) == ("Tick", State.WAITING, "schedule Tick")
    with times.app.app_context():
        assert job.payload.open() == {}
    after = times.read(schedule_id)
    assert (after.next_run_at, after.run_count, after.last_job_id) == (NINE + DAY, 1, job.id)
    assert times.fire(NINE + MINUTE).schedules == 0


def test_a_time_that_was_fired_is_not_fired_again_when_the_schedule_is_put_back(times: Times) -> None:
    schedule_id = times.add()
    times.fire(NINE)
    with db.organization_context(times.app, times.organization_id):
        db.session.execute(update(Schedule).values(next_run_at=NINE))
        db.session.commit()
    times.fire(NINE + MINUTE)
    after = times.read(schedule_id)
    assert len(times.jobs(schedule_id)) == len(times.fires(schedule_id)) == 1
    assert (after.run_count, after.next_run_at, after.last_job_id) == (1, NINE + DAY, times.jobs(schedule_id)[0].id)


def test_a_clock_that_is_moved_back_an_hour_fires_nothing_twice(times: Times) -> None:
    schedule_id = times.add("0 * * * *")
    times.fire(NINE)
    times.fire(NINE - HOUR)
    times.fire(NINE + MINUTE)
    assert [fire.fire_at for fire in times.fires(schedule_id)] == [NINE]
    times.fire(NINE + HOUR)
    assert [fire.fire_at for fire in times.fires(schedule_id)] == [NINE, NINE + HOUR]


def test_two_dispatchers_at_the_same_moment_fire_each_time_once(times: Times) -> None:
    for _ in range(40):
        times.add()
    together = threading.Barrier(2)
    times.clock.moment = NINE

    def dispatch() -> None:
        together.wait()
        while times.look() < 1:
            pass

    both = [threading.Thread(target=dispatch) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join(timeout=30)
    assert len(times.jobs()) == len({job.subject for job in times.jobs()}) == 40


def test_many_are_fired_in_fair_turns_between_organizations(
    times: Times, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(firing, "BATCH", 6)
    firing._claim.cache_clear()
    for _ in range(10):
        times.add()
    for _ in range(3):
        times.add(organization_id=cast.other_id, next_run_at=NINE)
    assert times.fire(NINE).schedules == 6
    assert len(times.jobs()) == 3
    firing._claim.cache_clear()


def test_nothing_is_asked_of_the_database_before_the_next_one_is_due(times: Times) -> None:
    assert times.look(NINE) == float("inf")
    times.add()
    assert times.look(NINE - HOUR) == 3600
    assert times.look(NINE) == 0
    assert times.look() == 24 * 3600


# --- late runs --------------------------------------------------------------------------------------------------------

LATE: list[tuple[str, dict[str, Any], timedelta, list[timedelta], list[timedelta]]] = [
    # when, policy, how late; what starts and what is noted as missed, after nine
    ("0 * * * *", {"catch_up": CatchUp.SKIP}, MINUTE, [timedelta()], []),
    ("0 * * * *", {"catch_up": CatchUp.SKIP}, 3 * HOUR + 5 * MINUTE, [], [timedelta()]),
    ("0 * * * *", {"catch_up": CatchUp.SKIP}, 3 * HOUR + MINUTE, [3 * HOUR], [timedelta()]),
    ("0 * * * *", {"catch_up": CatchUp.SKIP}, 40 * DAY + MINUTE, [40 * DAY], [timedelta()]),
    ("0 9 * * *", {"catch_up": CatchUp.ONE}, 50 * MINUTE, [timedelta()], []),
    ("*/10 * * * *", {"catch_up": CatchUp.ONE}, 45 * MINUTE, [40 * MINUTE], [timedelta()]),
    ("*/10 * * * *", {"catch_up": CatchUp.ALL, "catch_up_most": 3}, 45 * MINUTE,
     [20 * MINUTE, 30 * MINUTE, 40 * MINUTE], [timedelta()]),
    ("*/10 * * * *", {"catch_up": CatchUp.ALL, "catch_up_most": 9}, 15 * MINUTE, [timedelta(), 10 * MINUTE], []),
    ("every 10 minutes", {"catch_up": CatchUp.ALL, "catch_up_most": 2, "anchor_at": NINE - HOUR}, 25 * MINUTE,
     [10 * MINUTE, 20 * MINUTE], [timedelta()]),
    ("* * * * *", {"catch_up": CatchUp.ONE, "grace_minutes": 10_000}, 6 * DAY, [6 * DAY], [timedelta()]),
]  # fmt: skip


@pytest.mark.parametrize("when, policy, late, starts, missed", LATE)
def test_late_runs_are_made_up_for_as_the_policy_says(
    times: Times, when: str, policy: dict[str, Any], late: timedelta, starts: list[timedelta], missed: list[timedelta]
) -> None:
    schedule_id = times.add(when, **policy)
    times.fire(NINE + late)
    fires = times.fires(schedule_id)
    assert [fire.fire_at - NINE for fire in fires if fire.state is FireState.STARTED] == starts
    assert [fire.fire_at - NINE for fire in fires if fire.state is FireState.MISSED] == missed
    assert len(times.jobs(schedule_id)) == len(starts)
    following = times.read(schedule_id).next_run_at
    assert following is not None
    assert following > NINE + late


def test_runs_that_are_made_up_for_go_one_after_another(times: Times) -> None:
    schedule_id = times.add("*/10 * * * *", catch_up=CatchUp.ALL, catch_up_most=3)
    times.fire(NINE + 25 * MINUTE)
    first, second, third = times.jobs(schedule_id)
    assert [job.blocked_by for job in (first, second, third)] == [0, 1, 1]
    assert (first.state, second.state) == (State.WAITING, State.DELAYED)
    edges = times._all(select(JobDependency))
    assert {edge.job_id: edge.needs_id for edge in edges} == {second.id: first.id, third.id: second.id}


@pytest.mark.parametrize("policy", [{}, {"catch_up": CatchUp.ALL, "catch_up_most": 5}])
def test_what_is_later_than_its_grace_is_not_sent_but_asks_a_person(times: Times, policy: dict[str, Any]) -> None:
    """A restored backup does not send last week's campaign again."""
    schedule_id = times.add("0 9 * * 1", **policy)
    assert times.fire(NINE + 6 * DAY).jobs == 0
    after = times.read(schedule_id)
    assert (after.state, after.next_run_at, after.due_since) == (ScheduleState.OVERDUE, None, NINE)
    assert after.state_reason == "It should have run on Mon 1 Mar 2027 at 09:00 (UTC), and is later than its grace"
    assert times.jobs(schedule_id) == []
    assert times.look(NINE + 20 * DAY) == float("inf")


# --- overlapping runs -------------------------------------------------------------------------------------------------


def test_a_run_is_left_out_while_the_one_before_has_not_ended(times: Times) -> None:
    schedule_id = times.add(overlap=Overlap.SKIP)
    times.fire(NINE)
    times.fire(NINE + DAY)
    _first, second = times.fires(schedule_id)
    assert (second.state, second.reason, second.job_id) == (FireState.SKIPPED, "The run before had not ended", None)
    times.change_job(times.jobs(schedule_id)[0].id, state=State.COMPLETED, finished_at=utcnow())
    times.fire(NINE + 2 * DAY)
    assert times.fires(schedule_id)[-1].state is FireState.STARTED
    assert times.read(schedule_id).run_count == 2


def test_a_run_waits_for_the_end_of_the_one_before(times: Times) -> None:
    schedule_id = times.add(overlap=Overlap.QUEUE)
    times.fire(NINE)
    times.fire(NINE + DAY)
    first, second = times.jobs(schedule_id)
    assert (second.state, second.blocked_by) == (State.DELAYED, 1)
    assert [(edge.job_id, edge.needs_id) for edge in times._all(select(JobDependency))] == [(second.id, first.id)]


def test_a_run_takes_the_place_of_the_one_before(times: Times) -> None:
    schedule_id = times.add(overlap=Overlap.CANCEL)
    times.fire(NINE)
    times.fire(NINE + DAY)
    assert times.fires(schedule_id)[1].state is FireState.REPLACING
    times.look()
    first, second = times.jobs(schedule_id)
    assert (first.state, second.blocked_by) == (State.CANCELLED, 0)
    assert times.fires(schedule_id)[1].state is FireState.STARTED


# --- ends, spreads and limits -----------------------------------------------------------------------------------------


def test_it_ends_after_so_many_runs(times: Times) -> None:
    schedule_id = times.add(ends_after=2, overlap=Overlap.QUEUE)
    for day in range(4):
        times.fire(NINE + day * DAY)
    after = times.read(schedule_id)
    assert (after.state, after.state_reason) == (ScheduleState.ENDED, "It has run 2 times, as was asked for")
    assert len(times.jobs(schedule_id)) == 2


def test_it_ends_at_its_end_date(times: Times) -> None:
    schedule_id = times.add(ends_at=NINE + HOUR)
    times.fire(NINE)
    after = times.read(schedule_id)
    assert (after.state, after.state_reason, after.next_run_at) == (ScheduleState.ENDED, "Its end date has come", None)


def test_what_runs_once_runs_once(times: Times) -> None:
    schedule_id = times.add("at 2027-03-01 09:00")
    times.fire(NINE)
    assert times.read(schedule_id).state is ScheduleState.ENDED
    assert len(times.jobs(schedule_id)) == 1


def test_a_run_that_nobody_made_up_for_ends_what_runs_once(times: Times) -> None:
    schedule_id = times.add("at 2027-03-01 09:00", catch_up=CatchUp.SKIP)
    times.fire(NINE + HOUR)
    after = times.read(schedule_id)
    assert (after.state, after.state_reason) == (
        ScheduleState.ENDED,
        "Its only time passed while no worker was running",
    )
    assert [fire.state for fire in times.fires(schedule_id)] == [FireState.MISSED]


def test_a_pause_with_an_end_is_over_by_itself(times: Times) -> None:
    schedule_id = times.add(state=ScheduleState.PAUSED, paused_until=NINE - HOUR, state_reason="holidays")
    times.fire(NINE)
    after = times.read(schedule_id)
    assert (after.state, after.paused_until, after.state_reason) == (ScheduleState.ACTIVE, None, None)


def test_runs_are_spread_evenly_and_the_same_run_always_by_as_much(times: Times) -> None:
    ids = [times.add(jitter_seconds=600) for _ in range(30)]
    times.fire(NINE)
    waits = {job.subject: (job.run_at or NINE) - NINE for job in times.jobs()}
    assert all(timedelta() <= wait <= timedelta(seconds=600) for wait in waits.values())
    assert len(set(waits.values())) > 15
    assert {f"schedule:{each}": firing.jitter(each, NINE, 600) for each in ids} == waits


def test_an_organizations_limit_of_what_may_wait_holds_for_the_clock_too(times: Times) -> None:
    with db.organization_context(times.app, times.organization_id):
        limit = QueueLimit(organization_id=times.organization_id, queue=Queue.TEMPLATE_PROCESSING, waiting=2)
        limit.changed_by = "Alice"
        db.session.add(limit)
        db.session.commit()
    for _ in range(4):
        times.add()
    times.fire(NINE)
    assert len(times.jobs()) == 2


def test_a_zone_that_is_known_no_more_pauses_the_schedule(times: Times) -> None:
    schedule_id = times.add(time_zone="Europe/Atlantis")
    times.fire(NINE)
    after = times.read(schedule_id)
    assert (after.state, after.next_run_at) == (ScheduleState.PAUSED, None)
    assert "no time zone “Europe/Atlantis”" in (after.state_reason or "")


def test_one_that_cannot_be_counted_stops_no_other(times: Times) -> None:
    broken, good = times.add("nonsense from elsewhere"), times.add()
    times.fire(NINE)
    assert times.read(broken).state is ScheduleState.PAUSED
    assert (times.read(broken).state_reason or "").startswith("Its times cannot be counted")
    assert len(times.jobs(good)) == 1


def test_a_kind_of_job_that_is_not_known_here_is_left_to_newer_workers(times: Times) -> None:
    schedule_id = times.add(processor="of tomorrow")
    assert times.fire(NINE).schedules == 0
    dispatcher = Dispatcher(times.app)
    with times.app.app_context():
        engine = db.job_engine()
    waits = [dispatcher(engine, times.clock) for _ in range(9)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]  # less and less often
    assert times.read(schedule_id).next_run_at == NINE


def test_a_worker_fires_and_runs_what_is_due(app: Flask, times: Times) -> None:
    now = datetime.now(UTC)
    schedule_id = times.add("* * * * *", next_run_at=now - timedelta(seconds=1))
    process = WorkerProcess(app, list(Queue), [Dispatcher(app)])
    process.start()
    try:
        wait_for(lambda: any(job.state is State.COMPLETED for job in times.jobs(schedule_id)), what="it runs")
    finally:
        process.stop()

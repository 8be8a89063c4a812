"""Whatever happens to jobs in whatever order: only allowed changes, one holder at a time, counters equal to rows."""

import uuid
from collections import Counter
from datetime import timedelta

from flask import Flask
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from sqlalchemy import delete, func, select

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.errors import Conflict
from adsapp.core.ids import new_id
from adsapp.jobs import After, Job, On, Queue, State, queues, transitions
from adsapp.jobs.engine import claims, completion, dispatch, outcomes, reaper
from adsapp.jobs.engine.claims import WorkerIdentity
from adsapp.jobs.engine.outcomes import Cancelled, Completed, Failed, Released, Snoozed
from adsapp.jobs.models import JobAttempt, JobDependency, JobLog, QueueControl
from adsapp.jobs.progress import Claim
from adsapp.jobs.queries.statistics import counted
from adsapp.jobs.states import FINAL
from adsapp.organizations.auditing import NOBODY, By
from tests.cast import Cast

QUEUE = Queue.TEMPLATE_PROCESSING
CLOCK = DatabaseClock()
WORKER = WorkerIdentity(new_id(), "by-hand")
SOON = timedelta(seconds=60)
OUTCOMES = st.sampled_from(
    [
        Completed({"fine": True}),
        Failed("broken", "It broke.", ""),
        Failed("refused", "It never can.", "", permanent=True),
        Cancelled(),
        Snoozed(None, "waits for somebody"),
        Released(),
    ]
)

# The changes of state that are allowed. The engine makes each by a conditional update of its own; this is the whole.
ALLOWED: dict[State, frozenset[State]] = {
    State.DELAYED: frozenset({State.WAITING, State.CANCELLED}),
    State.WAITING: frozenset({State.ACTIVE, State.DELAYED, State.CANCELLED}),
    State.ACTIVE: frozenset({State.COMPLETED, State.FAILED, State.CANCELLED, State.WAITING, State.DELAYED}),
    State.COMPLETED: frozenset(),
    State.FAILED: frozenset({State.WAITING}),  # retried by a person
    State.CANCELLED: frozenset({State.WAITING}),  # likewise
}


def machine(app: Flask, cast: Cast) -> type[RuleBasedStateMachine]:
    """The engine over this test's database."""

    class Engine(RuleBasedStateMachine):
        jobs = Bundle("jobs")

        def __init__(self) -> None:
            super().__init__()
            with app.app_context(), db.engine_transaction() as connection:
                for table in (JobLog, JobDependency, Job):
                    connection.execute(delete(table))
            with db.organization_context(app, cast.bakery_id):
                queues.resume_queue(QUEUE)
                queues.set_limit(QUEUE, By("Alice"))
                db.session.commit()
            self.seen: dict[uuid.UUID, State] = {}
            self.claims: list[Claim] = []
            self.ended = 0

        @rule(target=jobs, priority=st.integers(1, 4))
        def enqueue(self, priority: int) -> uuid.UUID:
            with db.organization_context(app, cast.bakery_id):
                job = jobs.enqueue("demo", {"mood": "succeeds"}, priority=priority)
                db.session.commit()
                self.seen[job.id] = State(job.state)
                return job.id

        @rule(target=jobs, needed=jobs, on=st.sampled_from(On))
        def enqueue_after(self, needed: uuid.UUID, on: On) -> uuid.UUID:
            with db.organization_context(app, cast.bakery_id):
                try:
                    job = jobs.enqueue("demo", {"mood": "succeeds"}, after=[After(needed, on)])
                    db.session.commit()
                except Conflict:  # what it needs has ended otherwise already
                    db.session.rollback()
                    return needed
                self.seen[job.id] = State(job.state)
                return job.id

        @rule()
        def dispatch_and_claim(self) -> None:
            with app.app_context(), db.engine_transaction() as connection:
                heads = dispatch.take_due(connection, QUEUE, CLOCK.now() + SOON, 3)
            self.look()
            for head in heads:
                self.claim(head.id)

        @rule(job=jobs)
        def claim(self, job: uuid.UUID) -> None:
            """As a duplicate or forged message would."""
            with app.app_context():
                claim = claims.claim(db.db.engine, CLOCK, WORKER, job, 60)
            if claim is not None:
                self.claims.append(claim)

        @rule(outcome=OUTCOMES, late=st.booleans())
        def finish(self, outcome: outcomes.Outcome, late: bool) -> None:
            """The newest claim ends, or one whose lease may be long over."""
            if not self.claims:
                return
            claim = self.claims[0] if late else self.claims[-1]
            held, before = self.lease_of(claim.job_id) == claim.lease_id, self.states()
            with app.app_context():
                state = completion.finish(db.db.engine, CLOCK, claim, outcome, 0)
            assert (state is not None) == held, "only the holder of the lease may change the job"
            self.ended += sum(before[job] not in FINAL and now in FINAL for job, now in self.states().items())

        @rule()
        def workers_die(self) -> None:
            with app.app_context(), db.engine_transaction() as connection:
                connection.execute(
                    Job.__table__.update()  # type: ignore[attr-defined]
                    .where(Job.state == State.ACTIVE)
                    .values(lease_until=CLOCK.now() - SOON)
                )
            before = self.states()
            with app.app_context():
                reaper.reap(db.db.engine, CLOCK, 0)
            self.ended += sum(before[job] not in FINAL and now in FINAL for job, now in self.states().items())

        @rule(job=jobs, verb=st.sampled_from(["cancel", "retry", "promote"]))
        def a_person_acts(self, job: uuid.UUID, verb: str) -> None:
            before = self.states()
            with db.organization_context(app, cast.bakery_id):
                row = db.session.get_one(Job, job)
                try:
                    if verb == "promote":
                        transitions.promote(row, by=NOBODY)
                    else:
                        getattr(transitions, verb)(row, by=By("Alice"))
                    db.session.commit()
                except Conflict:
                    db.session.rollback()
                    return
            self.ended += sum(before[job] not in FINAL and now in FINAL for job, now in self.states().items())

        @rule(pause=st.booleans())
        def the_queue_is_paused_or_resumed(self, pause: bool) -> None:
            with db.organization_context(app, cast.bakery_id):
                if pause and db.session.get(QueueControl, (cast.bakery_id, QUEUE, "")) is None:
                    queues.pause_queue(QUEUE, By("Alice", "lunch"))
                elif not pause:
                    queues.resume_queue(QUEUE)
                db.session.commit()

        @rule(at_once=st.sampled_from([None, 1, 2]))
        def the_organization_limits_itself(self, at_once: int | None) -> None:
            with db.organization_context(app, cast.bakery_id):
                queues.set_limit(QUEUE, By("Alice"), at_once=at_once)
                db.session.commit()

        @rule(job=jobs, priority=st.integers(1, 4))
        def a_person_changes_the_priority(self, job: uuid.UUID, priority: int) -> None:
            with db.organization_context(app, cast.bakery_id):
                try:
                    transitions.set_priority(db.session.get_one(Job, job), priority, by=NOBODY)
                    db.session.commit()
                except Conflict:
                    db.session.rollback()

        @invariant()
        def a_job_is_blocked_by_what_has_not_ended(self) -> None:
            with db.organization_context(app, cast.bakery_id), db.reading():
                edges = db.session.execute(
                    select(JobDependency.job_id, JobDependency.needs_id, JobDependency.resolved_at)
                ).all()
                blocked = {row.id: row.blocked_by for row in db.session.execute(select(Job.id, Job.blocked_by))}
            states = self.states()
            waited_for = Counter(edge.job_id for edge in edges if edge.resolved_at is None)
            assert {job: count for job, count in blocked.items() if count} == waited_for
            for edge in edges:
                assert edge.resolved_at is not None or states[edge.needs_id] not in FINAL
            assert not any(state is State.ACTIVE and blocked[job] for job, state in states.items())

        @invariant()
        def only_allowed_changes(self) -> None:
            self.look()

        @invariant()
        def counters_equal_the_rows(self) -> None:
            with db.organization_context(app, cast.bakery_id), db.reading():
                by_state = {state: count for (_, state), count in counted().items()}
                assert by_state == dict(Counter(self.states().values()))

        @invariant()
        def every_end_is_in_the_history_once(self) -> None:
            with db.organization_context(app, cast.bakery_id), db.reading():
                assert db.session.scalar(select(func.count()).select_from(JobLog)) == self.ended

        @invariant()
        def a_running_job_has_one_open_attempt_and_an_ended_one_has_none(self) -> None:
            with db.organization_context(app, cast.bakery_id), db.reading():
                opened = select(JobAttempt.job_id).where(JobAttempt.ended_at.is_(None))
                still_open = Counter(db.session.scalars(opened))
            for job, state in self.states().items():
                assert still_open[job] == 1 or state is not State.ACTIVE
                assert still_open[job] <= 1

        def look(self) -> None:
            for job, state in self.states().items():
                before = self.seen.get(job, state)
                assert state is before or self.reaches(before, state), f"{before} became {state}"
                self.seen[job] = state

        @staticmethod
        def reaches(before: State, after: State) -> bool:
            """Allowed in one step, or by way of waiting, as one sweep and claim do."""
            return after in ALLOWED[before] or any(after in ALLOWED[between] for between in ALLOWED[before])

        def states(self) -> dict[uuid.UUID, State]:
            with db.organization_context(app, cast.bakery_id), db.reading():
                return {row.id: row.state for row in db.session.execute(select(Job.id, Job.state))}

        def lease_of(self, job: uuid.UUID) -> uuid.UUID | None:
            with db.organization_context(app, cast.bakery_id), db.reading():
                return db.session.scalar(select(Job.lease_id).where(Job.id == job, Job.state == State.ACTIVE))

    return Engine


def test_the_table_of_states_knows_every_state_and_final_ones_are_left_by_people_only() -> None:
    assert set(ALLOWED) == set(State)
    assert all(ALLOWED[state] <= {State.WAITING} for state in FINAL)


def test_any_order_of_events_keeps_what_must_hold(app: Flask, cast: Cast) -> None:
    run_state_machine_as_test(
        machine(app, cast),
        settings=settings(
            max_examples=10,
            stateful_step_count=20,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

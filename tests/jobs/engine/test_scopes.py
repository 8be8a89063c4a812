"""Workers that serve some organizations only: nobody else's job is begun there, and all are where all are served."""

import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from adsapp import jobs
from adsapp.alerts.concerns import no_worker
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.engine import dispatch, samples
from adsapp.jobs.engine.samples import KEPT, Ring, Sample
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.queries import workers
from adsapp.jobs.queries.statistics import queue_stats
from adsapp.jobs.scopes import EVERYONE, Scope, Shard, shard_of
from adsapp.jobs.wait_reasons import run_conditions, why_waiting
from tests.cast import Cast
from tests.waiting import wait_for

QUEUE = Queue.TEMPLATE_PROCESSING


@contextmanager
def working(app: Flask, *scopes: Scope) -> Iterator[list[WorkerProcess]]:
    processes = [WorkerProcess(app, [QUEUE], scope=scope) for scope in scopes]
    for process in processes:
        process.start()
    try:
        yield processes
    finally:
        for process in processes:
            process.stop()


def add(app: Flask, owner: uuid.UUID, count: int = 1) -> list[uuid.UUID]:
    with db.organization_context(app, owner):
        ids = [jobs.enqueue("demo", {"mood": "succeeds", "steps": 0}).id for _ in range(count)]
        db.session.commit()
        return ids


def rows(app: Flask, ids: list[uuid.UUID]) -> Sequence[Any]:
    """As they stand now, whoever's they are."""
    with app.app_context(), db.reading(), db.engine_transaction() as connection:
        return connection.execute(select(Job.state, Job.attempt).where(Job.id.in_(ids))).all()


def are_done(app: Flask, ids: list[uuid.UUID]) -> bool:
    return {row.state for row in rows(app, ids)} == {State.COMPLETED}


def only(*owners: uuid.UUID) -> Scope:
    return Scope(only=frozenset(owners))


def but(*owners: uuid.UUID) -> Scope:
    return Scope(but=frozenset(owners))


# Which organizations


@given(st.lists(st.uuids(), max_size=60), st.integers(1, 9))
def test_each_organization_is_in_exactly_one_shard(owners: list[uuid.UUID], of: int) -> None:
    shards = [Scope(shard=Shard(number, of)) for number in range(1, of + 1)]
    assert all(sum(shard.serves(owner) for shard in shards) == 1 for owner in owners)
    assert len({shard.lane for shard in shards}) == of


def test_a_shard_is_the_same_on_every_machine_and_in_every_version() -> None:
    owners = [uuid.UUID(int=n) for n in range(8)]
    assert [shard_of(owner, 8) for owner in owners] == [7, 3, 8, 7, 2, 8, 8, 8]
    spread = Counter(shard_of(uuid.UUID(int=n), 4) for n in range(4000))
    assert min(spread.values()) > 900


@pytest.mark.parametrize("text", ["0/8", "9/8", "2", "2/", "/8", "a/b", "1/0", "-1/2", "1/5000", "2/8/3"])
def test_what_is_no_shard_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write it as 2/8"):
        Shard.parse(text)


def test_a_scope_is_kept_as_it_is() -> None:
    bakery, clinic = uuid.UUID(int=1), uuid.UUID(int=2)
    for scope in (EVERYONE, only(bakery, clinic), but(bakery), Scope(but=frozenset([clinic]), shard=Shard(2, 8))):
        again = Scope.from_json(scope.as_json())
        assert again == scope
        assert again.lane == scope.lane
    assert EVERYONE.as_json() is None
    assert EVERYONE.lane == ""
    assert but(bakery).in_words({bakery: "harbour-bakery"}) == "all but harbour-bakery"


# How they were


def test_a_minute_is_a_sample_and_an_hour_is_kept() -> None:
    now, spent = 0.0, 0.0
    ring = Ring(4, lambda: now, lambda: spent)
    kept: list[Sample] = []
    for minute in range(90):
        for beat in range(1, 7):  # every ten seconds
            now, spent = minute * 60.0 + beat * 10.0, minute * 15.0 + beat * 2.5
            made = ring.note(busy=beat % 3, memory=100 + minute)
            assert (made is not None) is (beat == 6)
            kept = made or kept
    assert len(kept) == KEPT == 60
    assert kept[-1] == Sample(cpu=25, memory=189, busy=25)
    assert kept[0].memory == 130


def test_a_worker_writes_how_it_is_and_its_page_and_the_api_show_it(
    app: Flask, cast: Cast, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples, "EVERY_SECONDS", 0.0)
    app.config["SETTINGS"] = app.config["SETTINGS"].model_copy(update={"heartbeat_seconds": 0.05})
    with working(app, Scope(shard=Shard(shard_of(cast.bakery_id, 2), 2))):
        ask = {"Authorization": f"Bearer {cast.tokens['alice']}"}

        def seen() -> Any:
            (one,) = client.get("/api/workers", headers=ask).json["workers"]  # type: ignore[index]
            return one if len(one["last_hour"]) > 2 else None

        one = wait_for(seen)
        assert one["threads"] == app.config["SETTINGS"].workers_template_processing
        assert one["busy_threads"] == 0
        assert set(one["last_hour"][0]) == {"cpu", "memory", "busy"}
        assert one["serves"]["shard"] == f"{shard_of(cast.bakery_id, 2)}/2"
        cast.sign_in(client, "alice")
        page = client.get("/workers").text
        assert f"0 of {one['threads']} busy" in page
        assert "for your organization and others (shard" in page
        assert page.count('class="spark"') == 2


# What they do


def test_a_bound_worker_begins_nobody_else_s_job(app: Flask, cast: Cast) -> None:
    with working(app, only(cast.bakery_id)):
        theirs, ours = add(app, cast.other_id), add(app, cast.bakery_id, 5)
        wait_for(lambda: are_done(app, ours))
        assert [(row.state, row.attempt) for row in rows(app, theirs)] == [(State.WAITING, 0)]
        with db.organization_context(app, cast.other_id):
            reason = why_waiting(db.session.get_one(Job, theirs[0]))
            assert reason is not None
            assert reason.code == "no_worker"
            assert str(reason) == "No worker that serves this organization is running for the queue Templates"
            conditions = run_conditions()
            assert (conditions.workers[QUEUE], conditions.elsewhere[QUEUE]) == (0, 1)
            (concern,) = no_worker([one for one in queue_stats(conditions) if one.queue is QUEUE])
            assert concern.title == "No worker that serves this organization is running for Templates"
            assert concern.text.startswith("1 worker is running, for other organizations only. 1 job waits.")
            facts = workers.worker_json(workers.list_workers()[0])["serves"]
            assert facts == {"everybody": False, "this_organization": False, "shard": None}
            assert str(cast.bakery_id) not in str(facts)
        with working(app, but(cast.bakery_id)):
            wait_for(lambda: are_done(app, theirs))


def test_a_pool_of_its_own_and_all_the_others_do_everything_once(app: Flask, cast: Cast) -> None:
    scopes = (only(cast.bakery_id), but(cast.bakery_id), Scope(shard=Shard(1, 2)), Scope(shard=Shard(2, 2)), EVERYONE)
    with working(app, *scopes):
        ids = [*add(app, cast.bakery_id, 40), *add(app, cast.other_id, 40)]
        wait_for(lambda: are_done(app, ids))
        assert {row.attempt for row in rows(app, ids)} == {1}


def test_what_is_due_elsewhere_lets_a_bound_worker_rest(app: Flask, cast: Cast) -> None:
    add(app, cast.other_id)
    with app.app_context():
        engine, clock = db.job_engine(), DatabaseClock()
        broker = app.extensions["broker"]
        broker.flush()
        assert dispatch.next_due(engine, clock, QUEUE, only(cast.bakery_id)) is None
        assert dispatch.sweep(engine, clock, broker, QUEUE, only(cast.bakery_id)) == 0
        assert dispatch.sweep(engine, clock, broker, QUEUE, only(cast.other_id)) == 1
        assert broker.pending(QUEUE) == 0
        assert broker.pending(QUEUE, only(cast.other_id).lane) == 1

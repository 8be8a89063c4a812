"""How much of Redis a backlog takes: next to nothing, for only what the consumers take next lies there."""

from sqlalchemy import text

from adsapp import create_app
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.jobs.engine import dispatch
from bench.peers.ours_processor import NAME, QUEUE
from bench.peers.systems import Ground, Ours

FLOOD = text(
    "insert into jobs (id, organization_id, queue, processor, title, priority, state, payload, run_at, created_at, "
    "created_by, attempt, failures, max_attempts, timeout_seconds, handed_back, routine, blocked_by, "
    "progress_done, progress_failed) "
    "select gen_random_uuid(), :organization, :queue, :processor, 'a job', 1 + n % 4, 'waiting', ''::bytea, "
    "now() - interval '1 hour' + n * interval '1 ms', now(), '', 0, 0, 3, 60, false, false, 0, 0, 0 "
    "from generate_series(1, :count) n"
)


def weigh_waiting(ground: Ground, count: int) -> float:
    """By how many MB Redis grows while so many jobs wait and one sweep has handed out what it hands out."""
    system = Ours(ground)
    try:
        system.fresh()
        before = _used(system)
        _let_wait(system, count)
        return (_used(system) - before) / 1024 / 1024
    finally:
        system.close()


def _let_wait(system: Ours, count: int) -> None:
    app = create_app(system.ground.settings.model_copy(update={"database_url": system.url}))
    clock = DatabaseClock()
    values = {"organization": system.ground.organization, "queue": QUEUE.value, "processor": NAME, "count": count}
    with app.app_context():
        with db.engine_transaction() as connection:
            connection.execute(FLOOD, values)
            clock.synchronize(connection)
        if not dispatch.sweep(db.db.engine, clock, app.extensions["broker"], QUEUE):
            raise RuntimeError("the sweep found none of the waiting jobs")
        db.db.engine.dispose()


def _used(system: Ours) -> int:
    memory = system.redis.info("memory")
    assert isinstance(memory, dict)
    return int(memory["used_memory"])

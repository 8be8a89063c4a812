"""The worker processes of this installation, as people and programs may see them.

Workers belong to the installation and serve every organization on it. An organization's admins see that they live,
and which of its own jobs they run; never what they do for others.
"""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, text

from adsapp.core import context, db
from adsapp.core.clock import iso
from adsapp.core.errors import Forbidden, NotFound
from adsapp.core.ids import parse_id
from adsapp.jobs.engine.samples import Sample
from adsapp.jobs.models import Job, Worker
from adsapp.jobs.scopes import Scope
from adsapp.jobs.states import Queue
from adsapp.jobs.wait_reasons import alive_since, database_now
from adsapp.organizations import queries as organizations

SHOWN = 200  # worker processes on one page, the longest-lived last
# Word for word the condition of the index on leases: what runs is found there, never by a look at the history.
RUNNING = text("state = 'active'")


@dataclass(frozen=True)
class WorkerView:
    """A worker that has not stopped: working, idle, draining, or lost (no sign of life as long as a lease)."""

    worker: Worker
    state: str
    jobs: Sequence[Job]  # that it runs for this organization
    heartbeat_age: float  # seconds since its last sign of life, by the database's clock

    @property
    def name(self) -> str:
        """As attempts name it: host and process."""
        return name_of(self.worker)


def name_of(worker: Worker) -> str:
    """Host and process id."""
    return f"{worker.host}-{worker.pid}"


def list_workers(now: datetime | None = None, queue: Queue | None = None) -> list[WorkerView]:
    """Workers that have not stopped, by host and process; of one queue if it is named."""
    now = now or database_now()
    rows = db.session.scalars(
        select(Worker).where(Worker.stopped_at.is_(None)).order_by(Worker.heartbeat_at.desc()).limit(SHOWN)
    ).all()
    wanted = [row for row in rows if queue is None or queue.value in row.queues]
    jobs = _running_jobs(wanted)
    return [view_of(row, now, jobs.get(row.id, [])) for row in sorted(wanted, key=lambda row: (row.host, row.pid))]


def view_of(worker: Worker, now: datetime, jobs: Sequence[Job] = ()) -> WorkerView:
    """One worker as it is now."""
    age = max(0.0, (now - worker.heartbeat_at).total_seconds())
    return WorkerView(worker, _state(worker, now, bool(jobs)), jobs, age)


def _state(worker: Worker, now: datetime, works: bool) -> str:
    if worker.heartbeat_at < alive_since(now):
        return "lost"
    if worker.drain_requested_at is not None:
        return "draining"
    return "working" if works else "idle"


def _running_jobs(workers: Iterable[Worker]) -> dict[uuid.UUID, list[Job]]:
    # Without an organization there is nobody whose jobs they could be shown to.
    ids = {worker.id for worker in workers} if db.current_organization_id() else set()
    found: dict[uuid.UUID, list[Job]] = {}
    # What runs has a lease; said here, SQLite goes along the leases and not through all jobs of the organization.
    running = select(Job).where(RUNNING, Job.lease_until.is_not(None), Job.worker_id.in_(ids)).order_by(Job.id)
    for job in db.session.scalars(running) if ids else ():
        if job.worker_id is not None:
            found.setdefault(job.worker_id, []).append(job)
    return found


def count_running() -> Counter[uuid.UUID]:
    """Jobs that each worker runs, of all organizations: for whoever runs the installation."""
    counted = select(Job.worker_id, func.count()).where(RUNNING, Job.worker_id.is_not(None)).group_by(Job.worker_id)
    with db.reading(), db.engine_transaction() as connection:
        return Counter({worker_id: count for worker_id, count in connection.execute(counted) if worker_id})


def find_worker(name: str) -> Worker:
    """The worker of this id, or of this host and process; NotFound for any other."""
    parsed = parse_id(name)
    known = db.session.scalars(select(Worker).order_by(Worker.stopped_at.is_not(None), Worker.heartbeat_at.desc()))
    for worker in known:
        if worker.id == parsed or name_of(worker) == name:
            return worker
    raise NotFound(f"There is no worker {name}")


def is_ours_alone() -> bool:
    """True if this installation has one organization: then its admins are those who run it."""
    return len(organizations.list_organizations(limit=2)) == 1


def refuse_where_shared() -> None:
    """Raise Forbidden if the workers serve other organizations too."""
    if not is_ours_alone():
        raise Forbidden(
            "The workers of this installation serve other organizations too, so only those who run it may end one, "
            f"on its command line: {context.settings().command} jobs drain WORKER"
        )


def start_command(queues: Collection[Queue]) -> str:
    """What to type to start a worker for these queues."""
    few = "" if len(queues) == len(Queue) else "".join(f" --queue {queue.value}" for queue in queues)
    return f"{context.settings().command} worker{few}"


def serves_us(worker: Worker) -> bool:
    """Whether it serves this organization; outside of any, that of everybody who looks."""
    own = db.current_organization_id()
    return own is None or Scope.from_json(worker.scope).serves(own)


def serves_json(worker: Worker) -> dict[str, Any]:
    """Whom it serves, without a word about who else there is."""
    scope = Scope.from_json(worker.scope)
    shard = str(scope.shard) if scope.shard else None
    return {"everybody": scope.is_everyone, "this_organization": serves_us(worker), "shard": shard}


def worker_json(view: WorkerView) -> dict[str, Any]:
    """A worker for programs; `jobs` are this organization's own."""
    worker = view.worker
    return {
        "id": str(worker.id),
        "name": view.name,
        "state": view.state,
        "host": worker.host,
        "pid": worker.pid,
        "version": worker.version,
        "queues": worker.queues,
        "serves": serves_json(worker),
        "threads": worker.threads,
        "busy_threads": worker.busy,
        "last_hour": [Sample(*each)._asdict() for each in worker.samples or ()],
        "memory_mb": worker.memory_mb,
        "started_at": iso(worker.started_at),
        "heartbeat_at": iso(worker.heartbeat_at),
        "heartbeat_age_seconds": round(view.heartbeat_age, 1),
        "drain": {"by": worker.drain_requested_by, "at": iso(worker.drain_requested_at)}
        if worker.drain_requested_at
        else None,
        "jobs": [{"id": str(job.id), "title": job.title, "queue": job.queue.value} for job in view.jobs],
    }

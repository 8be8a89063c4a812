"""One organization with 1,000,000 waiting jobs beside 200 with a few each: what a sweep costs and whom it serves.

The reference in the same run is the same sweep over 10,000 waiting jobs of the big organization.
"""

import argparse
import time
import uuid

from sqlalchemy import delete, insert, text

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine import dispatch
from bench.support.harness import application, quantile, report
from tests.cast import add_organization

SMALL, FEW, BATCH = 200, 3, 500

FLOOD = text(
    "insert into jobs (id, organization_id, queue, processor, title, priority, state, payload, run_at, created_at, "
    "created_by, attempt, failures, max_attempts, timeout_seconds, handed_back, routine, progress_done, "
    "progress_failed) "
    "select uuidv7(), :organization, 'bulk-messages', 'demo', 'a job', 1 + n % 4, 'waiting', ''::bytea, "
    "now() - interval '1 hour' + n * interval '1 ms', now(), '', 0, 0, 3, 60, false, false, 0, 0 "
    "from generate_series(1, :count) n"
)


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000)
    arguments = parser.parse_args()
    with application("distributed") as app:
        organizations = [add_organization(app, f"o{n}") for n in range(SMALL + 1)]
        small = _measure(organizations, 10_000)
        large = _measure(organizations, arguments.jobs)
    p50, p50_small = quantile(large[0], 0.5), quantile(small[0], 0.5)
    report(
        "fairness",
        [
            (f"sweep of {BATCH} of {arguments.jobs:,}, p50", f"{p50 * 1000:.1f} ms"),
            (f"sweep of {BATCH} of {arguments.jobs:,}, p95", f"{quantile(large[0], 0.95) * 1000:.1f} ms"),
            (f"sweep of {BATCH} of 10,000, p50", f"{p50_small * 1000:.1f} ms"),
            ("organizations served in the first batch", f"{large[1]} of {SMALL + 1}"),
        ],
        {
            "p50_ms": round(p50 * 1000, 2),
            "p95_ms": round(quantile(large[0], 0.95) * 1000, 2),
            "growth_ratio": round(p50 / p50_small, 2),
            "organizations_served": large[1],
        },
    )


def _measure(organizations: list[uuid.UUID], count: int) -> tuple[list[float], int]:
    with db.db.engine.begin() as connection:
        connection.execute(text("select set_config('role', 'adsapp_engine', true)"))
        connection.execute(delete(Job))
        connection.execute(FLOOD, {"organization": organizations[0], "count": count})
        connection.execute(insert(Job), [_job(one) for one in organizations[1:] for _ in range(FEW)])
    with db.db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("vacuum analyze jobs"))
    times, served = [], 0
    for turn in range(20):
        began = time.perf_counter()
        with db.engine_transaction() as connection:
            taken = dispatch.take_due(connection, Queue.BULK_MESSAGES, utcnow(), BATCH)
        times.append(time.perf_counter() - began)
        if turn == 0:
            served = len({head.organization_id for head in taken})
    return times, served


def _job(organization_id: uuid.UUID) -> dict[str, object]:
    return {
        "id": new_id(),
        "organization_id": organization_id,
        "queue": Queue.BULK_MESSAGES,
        "processor": "demo",
        "title": "a job",
        "priority": 3,
        "state": "waiting",
        "payload": db.SecretJson(b""),
        "run_at": utcnow(),
        "max_attempts": 3,
        "timeout_seconds": 60,
    }


if __name__ == "__main__":
    main()

"""Ten thousand schedules of many organizations that are due in one minute: seconds until all their jobs are enqueued.

One organization has half of them. Fairness is the place, among all jobs, of the last first job of an organization. The
reference in the same run adds as many jobs by `enqueue_many`, which no schedule waits for.
"""

import argparse
import time
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import delete, func, select

from adsapp import jobs
from adsapp.core import db
from adsapp.core.clock import DatabaseClock
from adsapp.core.db.rows import insert_rows
from adsapp.core.ids import new_id
from adsapp.jobs import Job
from adsapp.schedules import firing
from adsapp.schedules.models import CatchUp, Overlap, Schedule, ScheduleFire, ScheduleState
from bench.support.harness import application, quantile, report
from tests.cast import add_organization

SHAPES = ("embedded", "distributed")
ORGANIZATIONS = 50
ZONES = ("Europe/London", "America/New_York", "Asia/Kolkata", "UTC", "Australia/Sydney")
KIND = "sync-templates"
PAYLOAD = {"account_id": str(uuid.UUID(int=7))}


@dataclass(frozen=True)
class Figures:
    """Of one shape."""

    seconds: float
    reference: float
    batches: list[float]
    last_first: int  # how many jobs were there before the last organization had its first
    jobs: int


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=10_000)
    arguments = parser.parse_args()
    for shape in SHAPES:
        with application(shape) as app:
            _report(shape, _measure(app, arguments.schedules))


def _report(shape: str, found: Figures) -> None:
    report(
        f"schedules, {shape}",
        [
            (f"{found.jobs:,} due schedules, all jobs enqueued", f"{found.seconds:.2f} s"),
            ("as many jobs by enqueue_many", f"{found.reference:.2f} s"),
            (f"transactions ({len(found.batches)}), longest", f"{max(found.batches) * 1000:.0f} ms"),
            ("transactions, p50", f"{quantile(found.batches, 0.5) * 1000:.0f} ms"),
            (f"jobs before the last of {ORGANIZATIONS} organizations had one", f"{found.last_first:,}"),
        ],
        {
            "shape": shape,
            "seconds": round(found.seconds, 3),
            "reference_seconds": round(found.reference, 3),
            "ratio": round(found.seconds / found.reference, 2),
            "longest_transaction_ms": round(max(found.batches) * 1000, 1),
            "jobs_before_the_last_first": found.last_first,
        },
    )


def _measure(app: Flask, count: int) -> Figures:
    organizations = [add_organization(app, f"o{n}") for n in range(ORGANIZATIONS)]
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    reference = _reference(app, organizations[0], count)
    share = count // 2 // (ORGANIZATIONS - 1)
    for place, owner in enumerate(organizations):
        _add(app, owner, count - share * (ORGANIZATIONS - 1) if place == 0 else share, now)
    batches = []
    began = time.perf_counter()
    while True:
        before = time.perf_counter()
        if not firing.fire_due(db.job_engine(), DatabaseClock(), attempts=3).schedules:
            break
        batches.append(time.perf_counter() - before)
    seconds = time.perf_counter() - began
    with db.engine_transaction() as connection:
        made = connection.execute(select(Job.organization_id).order_by(Job.id)).scalars().all()
        fires = connection.scalar(select(func.count()).select_from(ScheduleFire))
    assert len(made) == fires == count, (len(made), fires, count)
    firsts = {owner: place for place, owner in reversed(list(enumerate(made)))}
    return Figures(seconds, reference, batches, max(firsts.values()), count)


def _reference(app: Flask, owner: uuid.UUID, count: int) -> float:
    with db.organization_context(app, owner):
        began = time.perf_counter()
        for start in range(0, count, firing.BATCH):
            jobs.enqueue_many(KIND, [PAYLOAD] * min(firing.BATCH, count - start))
            db.session.commit()
        took = time.perf_counter() - began
        db.session.execute(delete(Job))
        db.session.commit()
    return took


def _add(app: Flask, owner: uuid.UUID, count: int, now: datetime) -> None:
    """Half are due daily at this minute, each in a zone of its own; the others hourly."""
    with db.organization_context(app, owner):
        params = db.SecretJson.of(PAYLOAD)
        rows = [
            {
                "id": new_id(),
                "name": f"Templates {place}",
                "processor": KIND,
                "params": params,
                "when": f"{now.minute} * * * *" if place % 2 else f"{now.minute} {place % 24},{now.hour} * * *",
                "time_zone": ZONES[place % len(ZONES)],
                "anchor_at": now - timedelta(days=1),
                "state": ScheduleState.ACTIVE,
                "next_run_at": now,
                "catch_up": CatchUp.ONE,
                "catch_up_most": 1,
                "grace_minutes": 60,
                "overlap": Overlap.SKIP,
                "jitter_seconds": 0,
                "run_count": 0,
                "created_by": "bench",
                "created_at": now,
            }
            for place in range(count)
        ]
        insert_rows(Schedule, rows)
        db.session.commit()


if __name__ == "__main__":
    main()

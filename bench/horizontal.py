"""Machines on one box: two webs, four workers, one PostgreSQL, one Valkey, and wires that can be cut. Each seed kills
machines, freezes them longer than their lease, cuts them off from Redis or from PostgreSQL, with closed connections or
with silence, and heals; meanwhile campaigns go out to the sandbox.

Ends with exit code 1 if anybody got two messages or none, a second had more than a number's limit, or our ledger says
otherwise than the sandbox's.
"""

import argparse
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

from adsapp import create_app
from adsapp.core import db
from tests.chaos.ground import Ground
from tests.chaos.horizontal import Report, Size, run


def main() -> None:
    """Run, print, judge."""
    usual = Size()
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=10, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--people", type=int, default=1000, help="of each organization")
    parser.add_argument("--organizations", type=int, default=usual.organizations)
    parser.add_argument("--rate", type=int, default=usual.per_second, help="messages a second that a number may send")
    parser.add_argument("--workers", type=int, default=usual.workers, help="worker machines")
    parser.add_argument("--webs", type=int, default=usual.webs, help="web machines")
    parser.add_argument("--blows", type=int, default=12)
    parser.add_argument("--span", type=float, default=24.0, help="seconds over which they fall")
    told = parser.parse_args()
    size = Size(
        told.people, told.rate, told.organizations, told.workers, told.webs, told.blows, told.span, patience=300.0
    )
    seeds = [told.seed] if told.seed is not None else range(1, told.seeds + 1)
    ground = Ground("distributed")
    ground.start()
    try:
        reports = [_one(ground, seed, size) for seed in seeds]
    finally:
        ground.stop()
    wrong = sum(bool(report.violations) for report in reports)
    print("\n" + json.dumps(_figures(reports, size) | {"violations": wrong}))
    sys.exit(bool(wrong))


def _one(ground: Ground, seed: int, size: Size) -> Report:
    with ground.place() as place, tempfile.TemporaryDirectory() as folder:
        app = create_app(place.settings)
        report = run(app, Path(folder), seed, size)
        with app.app_context():
            db.db.engine.dispose()
    blows = ", ".join(f"{count} {blow}" for blow, count in sorted(report.blows.items()))
    print(
        f"seed {seed}: {report.delivered:,} of {report.people:,} got it once, {report.uncertain} uncertain, "
        f"busiest second {report.most_in_one_second} of {size.per_second} ({report.seconds} s; {blows})",
        flush=True,
    )
    for violation in report.violations:
        print(f"  VIOLATED: {violation}", flush=True)
    if report.violations:
        print(f"  again: ./run bench horizontal --seed {seed}", flush=True)
    return report


def _figures(reports: list[Report], size: Size) -> dict[str, object]:
    blows: Counter[str] = Counter()
    for report in reports:
        blows.update(report.blows)
    return {
        "bench": "horizontal",
        "runs": len(reports),
        "workers": size.workers,
        "webs": size.webs,
        "people": sum(report.people for report in reports),
        "delivered": sum(report.delivered for report in reports),
        "uncertain": sum(report.uncertain for report in reports),
        "most_in_one_second": max(report.most_in_one_second for report in reports),
        "limit": size.per_second,
        "blows": dict(sorted(blows.items())),
        "seconds": round(sum(report.seconds for report in reports), 1),
    }


if __name__ == "__main__":
    main()

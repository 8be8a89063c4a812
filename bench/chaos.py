"""Long chaos: many seeds on both shapes; jobs of all moods while workers, broker and database are killed.

Ends with exit code 1 where anything was violated, with the evidence and the command that repeats it. A run is as
repeatable as processes allow: the seed decides every job, every blow, its moment and its victim.
"""

import argparse
import json
import sys
from collections.abc import Sequence

from tests.chaos.blows import Blow
from tests.chaos.ground import Ground
from tests.chaos.judging import shown
from tests.chaos.run import Report, Size, run

SHAPES = ("embedded", "distributed")
LONG_BLOWS, LONG_SPAN, LONG_FROM = 16, 15.0, 200  # from so many jobs on
SHORT_BLOWS, SHORT_SPAN = 9, 5.0
COLUMNS = ("shape", "seed", *(blow.value for blow in Blow), "deaths", "attempts", "lost", "deadlocks", "seconds")


def main() -> None:
    """Run, print, judge."""
    arguments = _arguments()
    reports = [report for shape in arguments.shapes for report in _runs(shape, arguments.seeds, arguments.size)]
    print("\n" + json.dumps(_figures(reports)))
    sys.exit(any(report.violations for report in reports))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, help="how many, from 1 on")
    parser.add_argument("--seed", type=int, help="this one only")
    parser.add_argument("--jobs", type=int, default=600)
    parser.add_argument("--shape", choices=(*SHAPES, "both"), default="both")
    arguments = parser.parse_args()
    arguments.shapes = SHAPES if arguments.shape == "both" else (arguments.shape,)
    arguments.seeds = [arguments.seed] if arguments.seed is not None else range(1, arguments.seeds + 1)
    arguments.size = _size(arguments.jobs)
    return arguments


def _size(jobs: int) -> Size:
    if jobs < LONG_FROM:
        return Size(jobs, SHORT_BLOWS, workers=2, span=SHORT_SPAN)
    return Size(jobs, LONG_BLOWS, workers=3, span=LONG_SPAN)


def _runs(shape: str, seeds: Sequence[int], size: Size) -> list[Report]:
    ground = Ground(shape)
    ground.start()
    try:
        print("\n" + "  ".join(COLUMNS) + "  verdict")
        return [_run(ground, seed, size) for seed in seeds]
    finally:
        ground.stop()


def _run(ground: Ground, seed: int, size: Size) -> Report:
    report = run(ground, seed, size)
    figures = [report.shape, seed, *(report.blows.get(blow, 0) for blow in Blow), report.own_deaths]
    figures += [report.attempts, report.attempts_lost, report.deadlocks, report.seconds]
    verdict = f"{len(report.violations)} VIOLATIONS" if report.violations else "as demanded"
    line = [f"{figure:>{len(column)}}" for figure, column in zip(figures, COLUMNS, strict=True)]
    print("  ".join([*line, verdict]), flush=True)
    if report.violations:
        print(shown(report.violations), report.last_words, sep="\n")
        print(f"again: ./run bench chaos --shape {report.shape} --jobs {size.jobs} --seed {seed}", flush=True)
    return report


def _figures(reports: Sequence[Report]) -> dict[str, object]:
    jobs = sum(report.jobs for report in reports)
    return {
        "bench": "chaos",
        "seeds": len({report.seed for report in reports}),
        "shapes": sorted({report.shape for report in reports}),
        "jobs": jobs,
        "blows": sum(sum(report.blows.values()) for report in reports),
        "kills": sum(report.kills for report in reports),
        "attempts": sum(report.attempts for report in reports),
        "attempts_lost": sum(report.attempts_lost for report in reports),
        "deadlocks": sum(report.deadlocks for report in reports),
        "violations": sum(len(report.violations) for report in reports),
        "ratio_completed_as_demanded": round(sum(report.as_demanded for report in reports) / jobs, 6),
        "seconds": round(sum(report.seconds for report in reports), 1),
    }


if __name__ == "__main__":
    main()

"""What the console costs with 1,000,000 jobs behind it, beside 10,000: whole pages over HTTP, signed in.

Two installations stand on the same server and are asked in turn, so that the machine's moods hit both. Times are the
client's, on the loopback, from the request to the last byte. The reference in the same run is a plain Flask page with
50 rows of an indexed table behind the same web server. Then 10,000 failed jobs are retried while others look on.
"""

import argparse
import contextlib
import json
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.core import db
from adsapp.core.gc_tuning import leave_alone_what_is_there
from adsapp.processes.commands import web_command
from bench.past import pages, reference
from bench.past.looking import Browser
from bench.past.pages import Kind, Times
from bench.past.retrying import Retried, retry_all
from bench.past.serving import Installation, free_port, install, process, wait_for_port, web
from bench.support.harness import durable_servers, machine, quantile
from tests.servers import Servers

FEW = 10_000
TIMES, QUICK_TIMES = 80, 15
RETRIED, CREATED = 10_000, 60
DATABASES = ("postgresql", "sqlite")


@dataclass(frozen=True)
class Measured:
    """One database."""

    times: list[Times]
    created: list[float]
    reference: list[float]
    retried: Retried

    def summary(self) -> dict[str, Any]:
        """As JSON; ms."""
        shown = pages.of_kind(self.times, Kind.PAGE, Kind.FRAGMENT)
        calls = {each.look.name: each for each in self.times}
        return {
            "growth_ratio": _round(max(each.growth for each in shown)),
            "page_p95_ms": _round(max(each.p95 for each in pages.of_kind(self.times, Kind.PAGE))),
            "fragment_p95_ms": _round(max(each.p95 for each in pages.of_kind(self.times, Kind.FRAGMENT))),
            "create_p95_ms": _round(quantile(self.created, 0.95)),
            "status_p95_ms": _round(calls["API job"].p95),
            "stats_p95_ms": _round(calls["API stats, 90 days"].p95),
            "retry_answer_ms": _round(self.retried.answer_ms),
            "retry_seconds": _round(self.retried.seconds),
            "retry_p95_ratio": _round(self.retried.p95_ratio),
            "ratio_to_plain_flask": _round(quantile(calls["jobs, failed"].many, 0.5) / quantile(self.reference, 0.5)),
        }


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=1_000_000, help="the large history: %(default)s")
    parser.add_argument("--only", choices=DATABASES, help="one of the two databases")
    parser.add_argument("--quick", action="store_true", help="100,000 jobs and fewer fetches; the figures mean less")
    arguments = parser.parse_args()
    jobs, times = (min(arguments.jobs, 100_000), QUICK_TIMES) if arguments.quick else (arguments.jobs, TIMES)
    found = {}
    for name in [arguments.only] if arguments.only else DATABASES:
        found[name] = _measure(name, jobs, times)
        _show(name, jobs, found[name])
    print(json.dumps({"bench": "history", "jobs": jobs, **_worst(found)}))


def _measure(name: str, jobs: int, times: int) -> Measured:
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    try:
        with durable_servers() if name == "postgresql" else contextlib.nullcontext() as servers:
            many, few = _install(home, servers, jobs, 1), _install(home, servers, FEW, 2)
            with web(few), web(many), _reference(many) as plain:
                return _look(few, many, plain, times)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _install(home: Path, servers: Servers | None, count: int, number: int) -> Installation:
    began = time.monotonic()
    installed = install(home / str(count), servers, number, count)
    print(f"{count:,} jobs in {time.monotonic() - began:.0f} s", flush=True)
    return installed


@contextlib.contextmanager
def _reference(installed: Installation) -> Iterator[Browser]:
    """The plain page over the same data; a browser of it."""
    with installed.app.app_context():
        reference.make(db.db.engine)
        db.db.engine.dispose()
    settings = installed.settings
    at = settings.model_copy(update={"port": free_port()})
    command = [*web_command(at)[:-1], "bench.past.reference:application()"]
    organization = reference.spell(installed.scenery.organizations[0], settings.sqlalchemy_url)
    told = {"BENCH_REFERENCE": settings.sqlalchemy_url, "BENCH_ORGANIZATION": organization}
    with process("reference", command, installed.environment | told):
        wait_for_port(at.port)
        yield Browser(at.port)


def _look(few: Installation, many: Installation, plain: Browser, times: int) -> Measured:
    at = pages.Browsers(Browser(few.settings.port).sign_in(), Browser(many.settings.port).sign_in(), plain)
    # This process has filled two histories: what its collector still walks there would be taken for the server's time.
    leave_alone_what_is_there()
    looks = list(zip(pages.looks(few, at.few), pages.looks(many, at.many), strict=True))
    taken, reference_times = pages.fetch_all(at, looks, times)
    return Measured(taken, _create(many), reference_times, retry_all(many, RETRIED))


def _create(installed: Installation) -> list[float]:
    """Jobs that are made over HTTP; nobody works on them."""
    program = Browser(installed.settings.port, {"Authorization": f"Bearer {installed.scenery.token}"})
    bodies = [{"contacts": [{"phone": f"+1206555{n:04}"}]} for n in range(pages.WARM_UPS + CREATED)]
    return [program.post_json("/api/jobs/import-contacts", body).ms for body in bodies][pages.WARM_UPS :]


def _show(name: str, jobs: int, measured: Measured) -> None:
    print(f"\n{name}: {jobs:,} jobs of history beside {FEW:,}, {machine()}; ms, p50 / p95\n")
    print(f"  {'':34}{'10,000':>16}{f'{jobs:,}':>18}{'growth':>9}")
    for each in sorted(measured.times, key=lambda times: list(Kind).index(times.look.kind)):
        few, many = _pair(each.few), _pair(each.many)
        print(f"  {each.look.kind.value:9}{each.look.name:25}{few:>16}{many:>18}{each.growth:>9.2f}")
    print(f"  {'call':9}{'API create a job':25}{'':>16}{_pair(measured.created):>18}")
    print(f"  {'':9}{'plain Flask, 50 rows':25}{'':>16}{_pair(measured.reference):>18}")
    retried = measured.retried
    print(
        f"\n  retry of {retried.jobs:,}: answered in {retried.answer_ms:.0f} ms, done after {retried.seconds:.1f} s, "
        f"progress seen at {retried.steps_seen} places"
    )
    for path, before in retried.before.items():
        print(f"    {path} meanwhile: {_pair(before)} before, {_pair(retried.during[path])} during")


def _pair(times: Sequence[float]) -> str:
    return f"{quantile(times, 0.5):.1f} / {quantile(times, 0.95):.1f}"


def _worst(found: dict[str, Measured]) -> dict[str, Any]:
    each = {name: measured.summary() for name, measured in found.items()}
    return {**each, **{figure: max(one[figure] for one in each.values()) for figure in next(iter(each.values()))}}


def _round(value: float) -> float:
    return round(value, 2)


if __name__ == "__main__":
    main()

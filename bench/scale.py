"""What one, two and four worker processes do on one box with PostgreSQL, Valkey and the sandbox, and what is full.

No-op jobs tell of the engine, campaigns of sending (numbers whose limit is far away). Of each part it is told how much
of a core it had while the middle nine tenths were done; `others` is what else ran on the machine, which shakes the
figures.
"""

import argparse
import contextlib
import math
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import redis
from flask import Flask
from sqlalchemy import func, insert, select

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app, jobs
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.service import create_campaign
from adsapp.config import Settings
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.core.db import migrations
from adsapp.core.ids import new_id
from adsapp.demo.http import wait_until
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Queue, State
from adsapp.jobs.models import JobCount
from adsapp.organizations.auditing import NOBODY
from bench.support.harness import distributed, durable_servers, report
from bench.support.shares import held_to
from bench.support.workers import workers_of
from tests.cast import add_organization
from tests.live import Sandbox, running_sandbox, shipped_templates
from tests.servers import Servers, create_database, drop_database

TICK = os.sysconf("SC_CLK_TCK")
FIRST, LAST = 0.05, 0.95  # what lies between is measured
GIVE_UP = 600.0
FAR = 5_000.0  # a number's limit, a second
FULL = 0.9  # of a core, or of the box


@dataclass(frozen=True)
class Seen:
    """One measurement: how many a second, and the cores that each part had."""

    per_second: float
    cores: Mapping[str, float]

    @property
    def full(self) -> str:
        """The part that had no more to give."""
        alone = [part for part in ("valkey", "sandbox") if self.cores.get(part, 0.0) >= FULL]
        if alone:
            return f"the {alone[0]} (one thread)"
        count = os.cpu_count() or 1
        if sum(self.cores.values()) >= FULL * count:
            most = max(
                ("workers", "postgresql", "valkey", "sandbox", "others"), key=lambda part: self.cores.get(part, 0)
            )
            return f"the box ({count} cores), most of it {most}"
        return "nothing: it waits"


@dataclass(frozen=True)
class Ground:
    """An installation with a database of its own, and the processes it consists of."""

    app: Flask
    servers: Servers
    pids: Callable[[], Mapping[str, Sequence[int]]]

    @property
    def settings(self) -> Settings:
        """As its workers are told."""
        settings: Settings = self.app.config["SETTINGS"]
        return settings


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--jobs", type=int, default=20_000, help="no-op jobs in each measurement")
    parser.add_argument("--messages", type=int, default=10_000, help="messages in each measurement")
    parser.add_argument("--threads", type=int, default=10, help="of each process, for no-op jobs")
    parser.add_argument(
        "--share", type=float, default=0.0, help="of a core that each process gets, as if it had a machine of that size"
    )
    told = parser.parse_args()
    noops: dict[int, Seen] = {}
    sends: dict[int, Seen] = {}
    with durable_servers() as servers:
        for processes in told.processes:
            print(f"{processes} processes: no-op jobs …", flush=True)
            noops[processes] = _noop(servers, processes, told)
            print(f"  {_in_words(noops[processes])}", flush=True)
            print(f"{processes} processes: messages …", flush=True)
            sends[processes] = _send(servers, processes, told)
            print(f"  {_in_words(sends[processes])}", flush=True)
    rows = []
    for what, seen in (("no-op jobs", noops), ("messages", sends)):
        for processes, one in seen.items():
            rows.append((f"{what}, {processes} processes", _in_words(one)))
        rows.append((f"{what}, from one process to two", _ratio_in_words(seen)))
    figures = {
        name: {
            str(processes): {"per_second": round(one.per_second, 1), "cores": one.cores, "full": one.full}
            for processes, one in seen.items()
        }
        | {"ratio_1_2": _ratio(seen)}
        for name, seen in (("noop", noops), ("send", sends))
    }
    report("scale", rows, figures)


def _in_words(seen: Seen) -> str:
    parts = ", ".join(f"{part} {cores:.2f}" for part, cores in seen.cores.items())
    return f"{seen.per_second:,.0f} a second; cores: {parts}; full: {seen.full}"


def _ratio(seen: Mapping[int, Seen]) -> float | None:
    if 1 not in seen or 2 not in seen:
        return None
    return round(seen[2].per_second / seen[1].per_second, 2)


def _ratio_in_words(seen: Mapping[int, Seen]) -> str:
    ratio = _ratio(seen)
    if ratio is None:
        return "not measured"
    free = (os.cpu_count() or 1) - sum(cores for part, cores in seen[1].cores.items())
    return f"{ratio} times as many ({max(0.0, free):.2f} cores were free beside one process)"


# --- what is done -----------------------------------------------------------------------------------------------------


def _noop(servers: Servers, processes: int, told: argparse.Namespace) -> Seen:
    count: int = told.jobs
    with _ground(servers, "") as ground:
        owner = add_organization(ground.app, "bench")
        with db.organization_context(ground.app, owner):
            for start in range(0, count, 5_000):
                jobs.enqueue_many("demo", [{"mood": "succeeds", "steps": 0}] * min(5_000, count - start))
                db.session.commit()

        def done() -> int:
            with db.organization_context(ground.app, owner), db.reading():
                ended = JobCount.state == State.COMPLETED, JobCount.processor == "demo"
                return int(db.session.scalar(select(func.sum(JobCount.count)).where(*ended)) or 0)

        return _watch(ground, Work(Queue.TEMPLATE_PROCESSING, processes, told.threads, told.share, count), done)


def _send(servers: Servers, processes: int, told: argparse.Namespace) -> Seen:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_sandbox(Path(folder) / "sandbox.json", latency_ms=5) as url,
        _ground(servers, url) as ground,
    ):
        each = math.ceil(told.messages / processes)
        numbers = [_campaign(ground.app, url, place, each) for place in range(processes)]

        def done() -> int:
            return sum(int(number.stats()["accepted"]) for number in numbers)

        return _watch(ground, Work(Queue.BULK_MESSAGES, processes, 1, told.share, each * processes), done)


def _campaign(app: Flask, url: str, place: int, count: int) -> Sandbox:
    """An organization with a number and a campaign to so many people."""
    number, waba = f"10000000000{place:04}", f"20000000000{place:04}"
    names = {"phone_number_id": number, "waba_id": waba, "token": "token", "app_secret": "secret"}
    sandbox = Sandbox(url, number)
    sandbox.call("accounts", {**names, "webhook_url": "", "throughput": int(FAR)})
    owner = add_organization(app, f"team-{place}")
    with db.organization_context(app, owner):
        given = AccountIn(number, waba, "token", "secret", "verify", messages_per_second=FAR)
        account = create_account(given, NOBODY)
        db.session.add_all(shipped_templates(account))
        db.session.execute(insert(Contact), [_contact(owner, place, each) for each in range(count)])
        create_campaign(
            CampaignIn(
                name="Welcome",
                template_name="welcome",
                template_language="en_US",
                variables={"1": {"field": "first_name", "fallback": "there"}},
                audience={"all": True},
            ),
            by="bench",
        )
        db.session.commit()
    return sandbox


def _contact(owner: uuid.UUID, place: int, each: int) -> dict[str, object]:
    phone = f"+1202{2_000_000 + place * 100_000 + each}"
    return {"id": new_id(), "organization_id": owner, "phone": phone, "person_key": person_key(phone), "name": "Ann"}


# --- how it is measured -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Work:
    """What is done by how many processes; `share` is what each has of a core (0: what there is)."""

    queue: Queue
    processes: int
    threads: int
    share: float
    count: int


def _watch(ground: Ground, work: Work, done: Callable[[], int]) -> Seen:
    count = work.count
    with contextlib.ExitStack() as stack:
        workers = stack.enter_context(workers_of(ground.settings, work.queue, work.processes, work.threads))
        ours: dict[str, Sequence[int]] = {"workers": [each.pid for each in workers]}
        stack.enter_context(held_to(work.share, ours["workers"]))
        wait_until(lambda: done() >= FIRST * count, GIVE_UP, "the first twentieth")
        began, before, first = time.monotonic(), _spent({**ours, **ground.pids()}), done()
        wait_until(lambda: done() >= LAST * count, GIVE_UP, "all but the last twentieth")
        last, after, ended = done(), _spent({**ours, **ground.pids()}), time.monotonic()
    seconds = ended - began
    cores = {part: round((after[part] - before[part]) / seconds, 2) for part in before}
    known = sum(cores[part] for part in cores if part != "others")
    cores["others"] = round(max(0.0, cores["others"] - known), 2)
    return Seen((last - first) / seconds, cores)


def _spent(parts: Mapping[str, Sequence[int]]) -> dict[str, float]:
    """Seconds of a core that each part has had, those of its processes that ended included; `others`: the whole
    machine."""
    busy = Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    idle = int(busy[3]) + int(busy[4])
    everything = (sum(map(int, busy[:8])) - idle) / TICK
    return {part: sum(map(_of_process, pids)) for part, pids in parts.items()} | {"others": everything}


def _of_process(pid: int) -> float:
    total, open_ones = 0.0, [pid]
    while open_ones:
        each = open_ones.pop()
        with contextlib.suppress(OSError, ValueError):
            fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
            total += sum(int(fields[place]) for place in (11, 12, 13, 14)) / TICK
            for task in Path(f"/proc/{each}/task").iterdir():
                open_ones += map(int, (task / "children").read_text().split())
    return total


@contextlib.contextmanager
def _ground(servers: Servers, sandbox_url: str) -> Iterator[Ground]:
    """A fresh database and an empty broker."""
    home, name = Path(tempfile.mkdtemp(prefix="adsapp-bench-")), f"scale_{uuid.uuid4().hex[:8]}"
    url = create_database(servers, name)
    redis.Redis.from_url(servers.redis_url).flushall()
    told = {**distributed(servers), "database_url": url}
    settings = Settings(home=home, log_level="ERROR", **told)
    if sandbox_url:
        settings = settings.model_copy(update={"whatsapp_api_base_url": sandbox_url, "sandbox_url": sandbox_url})
    app = create_app(settings)
    migrations.upgrade(app)
    try:
        yield Ground(app, servers, lambda: _pids(servers))
    finally:
        with app.app_context():
            db.session.remove()
            db.db.engine.dispose()
        drop_database(servers, name)
        shutil.rmtree(home, ignore_errors=True)


def _pids(servers: Servers) -> dict[str, Sequence[int]]:
    postgres = int((servers.home / "pg" / "postmaster.pid").read_text().split()[0])
    info = redis.Redis.from_url(servers.redis_url).info("server")
    assert isinstance(info, dict)
    return {"postgresql": [postgres], "valkey": [int(info["process_id"])], "sandbox": _sandboxes()}


def _sandboxes() -> list[int]:
    """Our own children that are one."""
    found = []
    for task in Path("/proc/self/task").iterdir():
        for pid in (task / "children").read_text().split():
            with contextlib.suppress(OSError):
                if b"adsapp.sandbox" in Path(f"/proc/{pid}/cmdline").read_bytes():
                    found.append(int(pid))
    return found


if __name__ == "__main__":
    main()

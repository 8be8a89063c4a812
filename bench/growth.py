"""What an installation costs that has sent 10,000,000 messages and ended 5,000,000 jobs, on PostgreSQL.

First the history of jobs, as the version before kept it, is made into parts of a month while somebody writes into it:
how long they had to wait. Then the pages of campaigns and jobs with all of it behind them, beside an installation with
6,000 recipients; times are the client's, on the loopback. Then a month of the history goes as a part, and beside it the
same number of rows one by one. And messages are really sent to the sandbox, which reports each as sent, delivered and
read: what one writes and leaves behind.
"""

import argparse
import contextlib
import os
import shutil
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
from flask_migrate import Migrate, upgrade
from sqlalchemy import text

from adsapp import create_app
from adsapp.config import ROOT, Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.jobs import retention
from bench.past import crowds
from bench.past.looking import Browser
from bench.past.serving import Installation, install, web
from bench.support.harness import distributed, durable_servers, machine, quantile, report
from tests.cast import make_cast
from tests.live import is_answered, on_the_air, running_sandbox
from tests.servers import Servers, with_database
from tests.waiting import wait_for

BEFORE = "0031"  # the schema before the history was in parts
PAGE_MS, FRAGMENT_MS, RETENTION_S, GROWTH = 25, 12, 1.0, 1.2
WARM_UPS, BATCHES = 5, 30
PEOPLE = 2_000  # who are really sent a message


@dataclass(frozen=True)
class Path_:
    """What is looked at, and its goal in ms."""

    name: str
    path: str
    goal: float = PAGE_MS


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=10_000_000)
    parser.add_argument("--campaigns", type=int, default=100)
    parser.add_argument("--logs", type=int, default=5_000_000)
    parser.add_argument("--times", type=int, default=60, help="fetches of each page: %(default)s")
    parser.add_argument("--people", type=int, default=PEOPLE, help="who are really sent a message: %(default)s")
    parser.add_argument("--only-sending", action="store_true", help="what a message writes, and nothing else")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="adsapp-bench-"))
    rows: list[tuple[str, str]] = []
    figures: dict[str, Any] = {"recipients": asked.recipients, "logs": asked.logs}
    try:
        with durable_servers() as servers:
            print(f"{machine()}", flush=True)
            if asked.only_sending:
                _send(home, servers, asked.people, rows, figures)
                return report("growth", rows, figures)
            _part(home / "parted", servers, asked.logs, rows, figures)
            _send(home, servers, asked.people, rows, figures)
            print(figures, flush=True)
            few = install(home / "few", servers, 1, 10_000)
            many = install(home / "many", servers, 2, 10_000)
            campaigns = _grow(many, servers, asked.recipients, asked.campaigns, asked.logs, rows, figures)
            with web(few), web(many):
                _look(few, many, campaigns, asked.times, rows, figures)
            _forget(many, rows, figures)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return report("growth", rows, figures)


def _admin(servers: Servers, settings: Settings) -> str:
    return with_database(servers.admin_url, settings.database_url.partition("?")[0].rpartition("/")[2])


# --- the table is parted while it is used -----------------------------------------------------------------------------


def _part(home: Path, servers: Servers, logs: int, rows: list[tuple[str, str]], figures: dict[str, Any]) -> None:
    home.mkdir()
    settings = Settings(home=home, log_level="ERROR", **distributed(servers))
    app = create_app(settings)
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    with app.app_context():
        upgrade(revision=BEFORE)
        db.db.engine.dispose()
    admin, now = _admin(servers, settings), utcnow()
    owner = new_id()
    crowds.add_logs(admin, owner, now, logs)
    with _writing(admin, owner) as waits:
        began = time.monotonic()
        with app.app_context():
            upgrade()
            db.db.engine.dispose()
        took = time.monotonic() - began
    rows += [
        (f"upgrade over {logs:,} ends of jobs", f"{took:.1f} s"),
        ("longest wait of who writes them meanwhile", f"{max(waits) * 1000:.0f} ms ({len(waits):,} writes)"),
    ]
    figures |= {"upgrade_seconds": round(took, 1), "longest_wait_ms": round(max(waits) * 1000)}
    with psycopg.connect(servers.admin_url, autocommit=True) as server:
        server.execute(
            f"drop database {settings.database_url.partition('?')[0].rpartition('/')[2]} with (force)".encode()
        )
        server.execute(f"create database {servers.template_database} owner adsapp".encode())


@contextlib.contextmanager
def _writing(url: str, owner: uuid.UUID) -> Iterator[list[float]]:
    """Somebody who ends a job every few milliseconds; how long each write took."""
    over, waits = threading.Event(), list[float]()
    told = {"owner": owner, "since": utcnow(), "span": timedelta(0), "rows": 1, "first": 1, "last": 1}

    def write() -> None:
        with crowds.past_everything(url) as server:
            while not over.wait(0.005):
                began = time.monotonic()
                server.execute(crowds.LOGS, told)
                waits.append(time.monotonic() - began)

    thread = threading.Thread(target=write)
    thread.start()
    try:
        yield waits
    finally:
        over.set()
        thread.join()


# --- pages ------------------------------------------------------------------------------------------------------------


def _grow(
    many: Installation,
    servers: Servers,
    recipients: int,
    campaigns: int,
    logs: int,
    rows: list[tuple[str, str]],
    figures: dict[str, Any],
) -> list[uuid.UUID]:
    admin, owner, now = _admin(servers, many.settings), many.scenery.organizations[0], utcnow()
    began = time.monotonic()
    made = crowds.add_recipients(admin, owner, now, recipients, campaigns)
    crowds.add_logs(admin, owner, now, logs)
    crowds.spread_over_months(admin, now)
    print(f"{recipients:,} recipients and {logs:,} ends of jobs in {time.monotonic() - began:.0f} s", flush=True)
    with psycopg.connect(admin) as server:
        for table in ("campaign_recipients", "job_logs"):
            size, number = server.execute(
                f"select sum(pg_total_relation_size(relid)), (select count(*) from {table}) "
                f"from pg_partition_tree('{table}')"
                if table == "job_logs"
                else f"select pg_total_relation_size('{table}'), (select count(*) from {table})"
            ).fetchone() or (0, 1)
            rows.append((f"bytes a row of {table}", f"{size / number:.0f} with its indexes"))
            figures[f"bytes_of_{table}"] = round(size / number)
    return made


def _look(
    few: Installation,
    many: Installation,
    campaigns: list[uuid.UUID],
    times: int,
    rows: list[tuple[str, str]],
    figures: dict[str, Any],
) -> None:
    small, large = Browser(few.settings.port).sign_in(), Browser(many.settings.port).sign_in()
    worst: dict[float, float] = {}
    growth = 0.0
    for one, other in zip(_paths(few.scenery.campaigns[0]), _paths(campaigns[0]), strict=True):
        took: tuple[list[float], list[float]] = ([], [])
        for turn in range(WARM_UPS + times):
            pair = small.get(one.path).ms, large.get(other.path).ms
            if turn >= WARM_UPS:
                took[0].append(pair[0])
                took[1].append(pair[1])
        p50, p95 = quantile(took[1], 0.5), quantile(took[1], 0.95)
        ratio = p50 / quantile(took[0], 0.5)
        rows.append(
            (other.name, f"p50 {p50:5.1f} ms, p95 {p95:5.1f} ms (goal {other.goal:g}), {ratio:.2f} x the small one")
        )
        worst[other.goal] = max(p95, worst.get(other.goal, 0.0))
        growth = max(growth, ratio)
    figures |= {"page_p95_ms": round(worst[PAGE_MS], 1), "fragment_p95_ms": round(worst[FRAGMENT_MS], 1)}
    figures["growth_ratio"] = round(growth, 2)


def _paths(campaign: uuid.UUID) -> list[Path_]:
    return [
        Path_("home", "/"),
        Path_("campaigns", "/campaigns"),
        Path_("a campaign", f"/campaigns/{campaign}"),
        Path_("who of it failed", f"/campaigns/{campaign}?status=failed"),
        Path_("its live part", f"/campaigns/{campaign}/live", FRAGMENT_MS),
        Path_("the list of campaigns", "/campaigns/list", FRAGMENT_MS),
        Path_("jobs", "/jobs"),
        Path_("rows of jobs", "/jobs/rows", FRAGMENT_MS),
        Path_("activity", "/activity"),
        Path_("API statistics, 90 days", "/api/jobs/stats?days=90"),
        Path_("API campaign", f"/api/campaigns/{campaign}"),
    ]


# --- what is old goes -------------------------------------------------------------------------------------------------


def _forget(many: Installation, rows: list[tuple[str, str]], figures: dict[str, Any]) -> None:
    filled = [each for each in _parts(many) if each[2] > 0]
    begun, whole = filled[0], filled[1]  # of the oldest month there is a part only
    month = whole[2]
    took = []
    with many.app.app_context():
        for _, ended, _ in (begun, whole):
            began = time.monotonic()
            retention.keep_months(db.job_engine(), ended + timedelta(days=many.settings.history_days))
            took.append(time.monotonic() - began)
    rows.append((f"a month of the history goes: {month:,} rows", f"{took[1] * 1000:.0f} ms (goal < {RETENTION_S:g} s)"))
    figures |= {"month_rows": month, "month_ms": round(took[1] * 1000)}
    with many.context():
        began, gone = time.monotonic(), 0
        for _ in range(BATCHES):
            gone += retention._old_logs(utcnow() + timedelta(days=31))
            db.session.commit()
        pace = gone / (time.monotonic() - began)
    rows.append(("the same one by one", f"{pace:,.0f} rows a second: {month / pace:.0f} s, and as many dead rows"))
    figures["rows_a_second_one_by_one"] = round(pace)


def _parts(many: Installation) -> list[tuple[str, Any, int]]:
    """Parts of the history, the oldest first: name, when it ends, rows as the statistics have them."""
    with many.app.app_context(), db.db.engine.connect() as connection:
        found = connection.execute(
            text(
                "select c.relname, (to_date(right(c.relname, 7), 'YYYY_MM')\\:\\:timestamp + interval '1 month') "
                "at time zone 'UTC', c.reltuples\\:\\:bigint from pg_inherits i join pg_class c on c.oid = i.inhrelid "
                "where i.inhparent = 'job_logs'\\:\\:regclass and c.relname ~ '\\d$' order by 1"
            )
        ).all()
    return [tuple(row) for row in found]


# --- what a message writes --------------------------------------------------------------------------------------------


def _send(home: Path, servers: Servers, people: int, rows: list[tuple[str, str]], figures: dict[str, Any]) -> None:
    (home / "sending").mkdir()
    settings = Settings(home=home / "sending", log_level="ERROR", **distributed(servers))
    app = create_app(settings)
    Migrate(app, db.db, directory=str(ROOT / "migrations"))
    with app.app_context():
        upgrade()
    cast = make_cast(app)
    with (
        running_sandbox(home / "sandbox.json", latency_ms=5) as url,
        on_the_air(app, cast, url, per_second=200) as live,
        psycopg.connect(_admin(servers, settings), autocommit=True) as server,
    ):
        live.contacts(*(f"+1202{2_000_000 + n}" for n in range(people)))
        server.execute("vacuum analyze")
        server.execute("checkpoint")
        before, ours = _written(server), time.process_time()
        began = time.monotonic()
        live.start_worker()
        campaign = live.start_campaign()
        live.wait_for_status(campaign, "completed", seconds=600)
        wait_for(lambda: live.counts(campaign).delivered_total == people, 120, "all reports")
        wait_for(lambda: is_answered(live), 60, "all reports are applied")
        took, ours = time.monotonic() - began, time.process_time() - ours
        live.stop()
        server.execute("select pg_stat_force_next_flush()")
        after, largest = _written(server), _largest(server, people)
    each = {name: (after[name] - before[name]) / people for name in after}
    rows += [
        (f"{people:,} messages, sent, delivered and read", f"{took:.0f} s"),
        ("rows written a message", f"{each['rows']:.1f} (inserted, updated or deleted)"),
        ("transactions a message", f"{each['commits']:.2f}"),
        ("write-ahead log a message", f"{each['wal_bytes']:,.0f} bytes in {each['wal_records']:.0f} records"),
        ("what it leaves behind", f"{each['size']:,.0f} bytes: {largest}"),
        ("CPU a message", f"PostgreSQL {each['cpu_ms']:.2f} ms, web and workers {ours / people * 1000:.2f} ms"),
    ]
    figures["our_cpu_ms_a_message"] = round(ours / people * 1000, 2)
    figures |= {f"{name}_a_message": round(value, 2) for name, value in each.items()}


def _written(server: psycopg.Connection) -> dict[str, int]:
    found = server.execute(
        "select w.wal_bytes::bigint, w.wal_records, d.xact_commit, d.tup_inserted + d.tup_updated + d.tup_deleted, "
        "pg_database_size(current_database()) from pg_stat_wal w, pg_stat_database d where datname = current_database()"
    ).fetchone()
    assert found is not None
    figures = dict(zip(("wal_bytes", "wal_records", "commits", "rows", "size"), map(int, found), strict=True))
    return figures | {"cpu_ms": _cpu_ms(server.info.backend_pid)}


def _cpu_ms(backend: int) -> int:
    """Of the whole server so far: its processes, and those that have ended."""
    parent = int(_stat(backend)[1])
    own = _stat(parent)
    ticks = sum(int(each) for each in own[11:15])  # with those of children that ended
    for other in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            stat = _stat(int(other.name))
            ticks += sum(int(each) for each in stat[11:13]) if int(stat[1]) == parent else 0
    return ticks * 1000 // os.sysconf("SC_CLK_TCK")


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _largest(server: psycopg.Connection, people: int) -> str:
    found = server.execute(
        "select relname, pg_total_relation_size(oid) from pg_class where relkind = 'r' "
        "and relnamespace = 'public'::regnamespace order by 2 desc limit 4"
    ).fetchall()
    return ", ".join(f"{name} {size / people:,.0f}" for name, size in found)


if __name__ == "__main__":
    main()

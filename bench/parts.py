"""What parts of a month would cost the ledger of recipients, which is kept whole (docs/adr/0037).

The same rows in one table and in parts of a month each, by the month of their campaign: a campaign's id begins with
the time, so that "nobody is messaged twice" would stay the same constraint. Statements are those of sending, of
webhooks and of pages, prepared as ours are. Blocks of the cache that one touches tell more than its time: they are the
same on every machine, however busy.
"""

import argparse
import re
import time
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from adsapp.core.ids import first_id_of
from bench.past import crowds
from bench.support.harness import durable_servers, quantile, report
from tests.servers import with_database

MONTHS, TURNS = 13, 100
LOADED = "select * from campaign_recipients where organization_id = %(owner)s and id = any(%(ids)s)"
SAVED = """
update campaign_recipients r set updated_at = now() from unnest(%(ids)s::bigint[]) g(id)
where r.organization_id = %(owner)s and r.id = g.id
"""
STATEMENTS = {
    "100 reports find their message": "select wamid, id from campaign_recipients where organization_id = %(owner)s "
    "and wamid = any(%(wamids)s)",
    "100 recipients are read": LOADED,
    "100 recipients are written": SAVED,
    "the campaigns of a person": "select campaign_id, id from campaign_recipients where organization_id = %(owner)s "
    "and contact_id = %(person)s order by id desc limit 50",
    "a page of a campaign": "select * from campaign_recipients where organization_id = %(owner)s "
    "and campaign_id = %(campaign)s and status = 'read' order by id limit 50",
}
Found = dict[str, tuple[float, int, float]]


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipients", type=int, default=1_300_000)
    recipients = parser.parse_args().recipients
    with durable_servers() as servers:
        with psycopg.connect(servers.database_url, autocommit=True) as server:
            server.execute("create database parts")
        _migrate(with_database(servers.database_url, "parts"), servers.redis_url)
        with crowds.past_everything(with_database(servers.admin_url, "parts")) as server:
            owner, campaigns = uuid.uuid4(), [_campaign(month) for month in range(MONTHS)]
            for month, campaign in enumerate(campaigns):
                told = {"owner": owner, "campaign": str(campaign), "at": _month(month), "people": recipients // MONTHS}
                server.execute(crowds.LEDGER, told)
            server.execute("vacuum analyze campaign_recipients")
            whole = _measure(server, owner, campaigns)
            _part(server)
            parted = _measure(server, owner, campaigns)
    rows = [(name, f"{_words(whole[name])}; in {MONTHS} parts {_words(parted[name])}") for name in STATEMENTS]
    report("parts", rows, {"whole": whole, "parted": parted})


def _words(found: tuple[float, int, float]) -> str:
    return f"{found[0]:.2f} ms, {found[1]:,} blocks, planned in {found[2]:.2f} ms"


def _migrate(url: str, redis_url: str) -> None:
    from pathlib import Path
    from tempfile import TemporaryDirectory

    from cryptography.fernet import Fernet

    from adsapp import create_app
    from adsapp.config import Settings
    from adsapp.core import db
    from adsapp.core.db import migrations

    with TemporaryDirectory() as home:
        keys = (Fernet.generate_key().decode(),)
        told: dict[str, Any] = {"database_url": url, "redis_url": redis_url, "secret_key": "b", "encryption_keys": keys}
        app = create_app(Settings(home=Path(home), log_level="ERROR", **told))
        migrations.upgrade(app)
        with app.app_context():
            db.db.engine.dispose()


def _month(number: int) -> datetime:
    year, month = divmod(2026 * 12 + number, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def _campaign(month: int) -> uuid.UUID:
    return uuid.UUID(int=first_id_of(_month(month) + timedelta(days=3)).int + month)


def _measure(server: psycopg.Connection, owner: uuid.UUID, campaigns: Sequence[uuid.UUID]) -> Found:
    newest = server.execute(
        "select id, wamid, contact_id from campaign_recipients where campaign_id = %s order by id limit %s",
        [campaigns[-1], 100 * TURNS],
    ).fetchall()
    given = [
        {
            "owner": owner,
            "campaign": campaigns[turn % MONTHS],
            "ids": [row[0] for row in newest[turn * 100 : turn * 100 + 100]],
            "wamids": [row[1] for row in newest[turn * 100 : turn * 100 + 100]],
            "person": newest[turn * 100][2],
        }
        for turn in range(TURNS)
    ]
    return {name: _one(server, statement, given) for name, statement in STATEMENTS.items()}


def _one(server: psycopg.Connection, statement: str, given: Sequence[dict[str, Any]]) -> tuple[float, int, float]:
    took = []
    for values in given:
        began = time.perf_counter()
        server.execute(statement, values, prepare=True)
        took.append((time.perf_counter() - began) * 1000)
    explained = f"explain (analyze, buffers, summary, timing off) {statement}"
    plan = [row[0] for row in server.execute(explained, given[-1])]
    blocks = next(re.findall(r"shared hit=(\d+)", line) for line in plan if "Buffers:" in line)
    planned = next(float(line.split()[2]) for line in plan if line.startswith("Planning Time"))
    return round(quantile(took, 0.5), 2), int(blocks[0]), planned


def _part(server: psycopg.Connection) -> None:
    """As it would be: each part has the indexes of the table."""
    indexes = server.execute(
        "select pg_get_indexdef(indexrelid) from pg_index where indrelid = 'campaign_recipients'::regclass "
        "and not indisprimary"
    ).fetchall()
    server.execute("alter table campaign_recipients rename to one_table")
    server.execute(
        "create table campaign_recipients (like one_table including defaults) partition by range (campaign_id)"
    )
    for month in range(MONTHS):
        since, until = first_id_of(_month(month)), first_id_of(_month(month + 1))
        bounds = f"for values from ('{since}') to ('{until}')"
        server.execute(f"create table part_{month} partition of campaign_recipients {bounds}".encode())
        server.execute(f"alter table part_{month} add primary key (id)".encode())
    server.execute("insert into campaign_recipients select * from one_table")
    for place, (definition,) in enumerate(indexes):
        server.execute(re.sub(r"INDEX \w+ ON", f"INDEX of_parts_{place} ON", definition).encode())
    server.execute("vacuum analyze campaign_recipients")


if __name__ == "__main__":
    main()

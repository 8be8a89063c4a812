"""How many rows a second an import takes, from a file to contacts, beside two designs without its promises.

A list of 20 countries in 16 spellings, with 3 % bad numbers and 5 % of people twice, goes through the upload service
and a worker process of its own into a database that knows 100,000 people already. In the same run: the design that most
have (the libraries for each cell, a query, an ORM insert and a commit for every 100 rows), and the floor, clean rows by
one raw COPY (SQLite: executemany), both into a table with our columns and indexes and nothing else. What is measured
from outside: the worker's memory, the longest transaction (SQLite: how long another writer waits), and with --console
the pages' p95 during a second import beside the idle one. Last, the fast readings are compared with the libraries'.
"""

import argparse
import contextlib
import json
import os
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psycopg

from adsapp.contacts.values.countries import country_code
from bench.lists import comparing, peers
from bench.lists.console import console, idle_p95, meanwhile
from bench.lists.files import FORMATS, write
from bench.lists.ground import Imported, Installation, import_file, installation, known_of
from bench.lists.people import DEFAULT_COUNTRY, rows
from bench.support.harness import durable_servers, machine, quantile
from tests.contacts.values.odd_cells import PhoneCell
from tests.servers import Servers, with_database

DATABASES = ("postgresql", "sqlite")
RATES_FROM = 20_000  # rows


def main() -> None:
    """Measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--rows", type=int, nargs="*", default=[200_000, 1_000_000], help="of the files; none: no import. %(default)s"
    )
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=["csv"], help="%(default)s")
    parser.add_argument("--only", choices=DATABASES, help="one of the two databases")
    parser.add_argument("--known", type=int, default=100_000, help="contacts that are there before: %(default)s")
    parser.add_argument("--slow-rows", type=int, default=20_000, help="for the batches of 100: %(default)s")
    parser.add_argument("--compared", type=int, default=1_000_000, help="odd cells; 0: none. %(default)s")
    parser.add_argument("--console", action="store_true", help="import once more while somebody looks at pages")
    arguments = parser.parse_args()
    found: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="adsapp-bench-") as folder:
        for name in [arguments.only] if arguments.only else DATABASES:
            for count in arguments.rows:
                found += _measure(name, count, Path(folder), arguments)
    compared = _compare(arguments.compared)
    print(json.dumps({"bench": "import", "cores": os.cpu_count(), "imports": found, **compared}))


def _measure(name: str, count: int, folder: Path, arguments: argparse.Namespace) -> list[dict[str, Any]]:
    known, found = known_of(count, arguments.known), []
    files = [write(folder, kind, count) for kind in ("csv", *(kind for kind in arguments.formats if kind != "csv"))]
    with _ground(name) as (servers, url):
        print(f"measuring the peers on {name} …", flush=True)
        rates = peers.measure(url, files[0], arguments.slow_rows, count, known)
        for file in files:
            if file.suffix[1:] in arguments.formats:
                print(f"importing {file.name} into {name} …", flush=True)
                imported, pages = _import(servers, folder, file, known, with_console=arguments.console)
                found.append(_summary(name, file.suffix[1:], imported, rates, pages))
                found[-1][f"ratio_to_{found[0]['format']}"] = round(imported.rate / found[0]["rows_per_second"], 3)
                _show(found[-1])
    return found


@contextlib.contextmanager
def _ground(name: str) -> Iterator[tuple[Servers | None, str]]:
    """The servers, if the database has any, and the address of an empty database for the peers."""
    if name == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield None, f"sqlite:///{folder}/plain.db"
    else:
        with durable_servers() as servers:
            yield servers, _new_database(servers).replace("postgresql://", "postgresql+psycopg://")


def _new_database(servers: Servers) -> str:
    name = f"bench_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(servers.database_url, autocommit=True) as connection:
        connection.execute(f"create database {name}".encode())
    return with_database(servers.database_url, name)


def _import(
    servers: Servers | None, folder: Path, file: Path, known: range, *, with_console: bool
) -> tuple[Imported, dict[str, float]]:
    imported, pages = _once(servers, folder, file, known), dict[str, float]()
    if with_console:
        pages = _with_console(servers, folder, file, known)
    return imported, pages


def _once(servers: Servers | None, folder: Path, file: Path, known: range) -> Imported:
    with _installed(servers, folder, known) as installed, installed.worker() as worker:
        return import_file(installed, file, worker)


def _with_console(servers: Servers | None, folder: Path, file: Path, known: range) -> dict[str, float]:
    with (
        _installed(servers, folder, known) as installed,
        console(installed) as browser,
        installed.worker() as worker,
    ):
        idle = idle_p95(browser)
        with meanwhile(browser) as took:
            import_file(installed, file, worker)
    return {"idle_p95_ms": idle, "import_p95_ms": quantile(took, 0.95)}


@contextlib.contextmanager
def _installed(servers: Servers | None, folder: Path, known: range) -> Iterator[Installation]:
    home = folder / uuid.uuid4().hex
    try:
        with installation(home, servers, _new_database(servers) if servers else "", known) as installed:
            yield installed
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _summary(name: str, kind: str, imported: Imported, rates: peers.Rates, pages: dict[str, float]) -> dict[str, Any]:
    figures = {
        "rows_per_second": imported.rate,
        "ratio_to_batch_of_100": imported.rate / rates.batch_of_100,
        "ratio_to_raw": imported.rate / rates.raw,
        "batch_of_100_per_second": rates.batch_of_100,
        "raw_per_second": rates.raw,
        **asdict(imported.watched),
        **pages,
    }
    counts = {name: value for name, value in asdict(imported).items() if isinstance(value, int)}
    return {"database": name, "format": kind, **counts, **{key: round(value, 3) for key, value in figures.items()}}


def _show(one: dict[str, Any]) -> None:
    print(f"\n{one['database']}, {one['rows']:,} rows of {one['format']}, {machine()}\n")
    for key, value in one.items():
        if key not in ("database", "format"):
            print(f"  {key.replace('_', ' '):28}{value:>14,}")


def _compare(count: int) -> dict[str, Any]:
    """The fast readings beside those of the libraries: differences, and cells a second."""
    if not count:
        return {}
    phone, address = comparing.differences(count)
    lines = list(rows(RATES_FROM))
    cells = [PhoneCell(line[0], DEFAULT_COUNTRY, country_code(line[4])) for line in lines]
    rates = {name: round(value) for name, value in comparing.rates(cells, [line[3] for line in lines]).items()}
    print(
        f"\n{count:,} odd cells: {phone} phones and {address} addresses differ from the libraries; a second: {rates}\n"
    )
    return {"compared": count, "different_phones": phone, "different_addresses": address, "cells_per_second": rates}


if __name__ == "__main__":
    main()

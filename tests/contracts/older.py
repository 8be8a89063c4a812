"""The installation of commit 7bed6ce that is kept in `tests/data/installation`, unpacked for one test.

`tests/data/make_installation.py` made it, on both shapes, and says what is in it.
"""

import gzip
import json
import shutil
import sqlite3
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from flask import Flask
from sqlalchemy import select

from adsapp.config import Settings
from adsapp.contacts.models import Import
from adsapp.core import db
from tests import servers as throwaway
from tests.cast import Cast
from tests.servers import Servers

KEPT = Path(__file__).parent.parent / "data" / "installation"


@dataclass(frozen=True)
class Older:
    """Its settings, its people, and what has an id in it."""

    settings: Settings
    cast: Cast
    facts: dict[str, Any]

    def id_of(self, name: str) -> uuid.UUID:
        """The id of `import`, `import_job`, `campaign`, `scheduled`, `operation`, `failed`, `delayed` and so on."""
        return uuid.UUID(self.facts[name])


def unpack(shape: str, servers: Servers, home: Path, redis_url: str, more: dict[str, Any]) -> Older:
    """Load it into a database of its own, with these settings besides its keys; `forget` drops that database."""
    facts = json.loads((KEPT / f"{shape}.json").read_text(encoding="utf-8"))
    cast = Cast(uuid.UUID(facts["bakery_id"]), uuid.UUID(facts["other_id"]), facts["tokens"])
    values = {"secret_key": facts["secret_key"], "encryption_keys": (facts["encryption_key"],), **more}
    if shape == "embedded":
        for name in ("adsapp", "queue"):
            with sqlite3.connect(home / f"{name}.db") as connection:
                connection.executescript(_read(f"embedded-{name}.sql.gz"))
            connection.close()
        return Older(Settings(home=home, **values), cast, facts)
    url = throwaway.create_database(servers, f"adsapp_{uuid.uuid4().hex[:12]}", "template1")
    with psycopg.connect(url, autocommit=True) as client:
        client.execute(_read("distributed.sql.gz").encode())
    return Older(Settings(home=home, database_url=url, redis_url=redis_url, **values), cast, facts)


def put_the_file_back(app: Flask, older: Older) -> None:
    """The uploaded file of the import that is half done, to where its row says that it is."""
    with db.organization_context(app, older.cast.bakery_id), db.reading():
        path = db.session.scalars(select(Import.path).where(Import.id == older.id_of("import"))).one()
    target = older.settings.home / "uploads" / path
    target.parent.mkdir(parents=True)
    shutil.copy(KEPT / "uploaded.csv", target)


def forget(servers: Servers, older: Older) -> None:
    """Drop its database."""
    if older.settings.distributed:
        throwaway.drop_database(servers, older.settings.database_url.partition("?")[0].rpartition("/")[2])


def _read(name: str) -> str:
    return gzip.decompress((KEPT / name).read_bytes()).decode()

"""What our import is compared with, on a table like ours without triggers and tenants.

`batch_of_100` is the design that most have: the libraries for each cell, one query for who is there, an ORM insert, a
commit for each hundred rows. `raw` is the floor: clean rows, ready in memory, by COPY (SQLite: executemany) in one go.
Both run in a process of their own: ours sees to it that every session of SQLAlchemy names its organization.
"""

import csv
import json
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import phonenumbers
import psycopg
from email_validator import EmailNotValidError, validate_email
from psycopg.types.json import Jsonb
from sqlalchemy import JSON, Engine, Index, String, Uuid, create_engine, event, select
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bench.lists.people import COUNTRIES, DEFAULT_COUNTRY, HEADER, contact

BATCH = 100
_COUNTRIES = {name: country.code for country in COUNTRIES for name in country[:2]}


class Base(DeclarativeBase):
    """Of the peers' table."""


class Plain(Base):
    """A contact with the columns and indexes of ours."""

    __tablename__ = "plain_contacts"
    __table_args__ = (
        Index("ix_plain_id", "organization_id", "id", unique=True),
        Index("ix_plain_phone", "organization_id", "phone", unique=True),
        Index("ix_plain_person", "organization_id", "person_key"),
        Index("ix_plain_wa_id", "organization_id", "wa_id"),
        Index("ix_plain_wa_user_id", "organization_id", "wa_user_id"),
        Index("ix_plain_name", "organization_id", "name", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(Uuid, primary_key=True, default=uuid.uuid4)
    organization_id: Mapped[uuid.UUID]
    phone: Mapped[str] = mapped_column(String(20))
    person_key: Mapped[str] = mapped_column(String(20))
    wa_id: Mapped[str | None] = mapped_column(String(20))
    wa_user_id: Mapped[str | None] = mapped_column(String(140))
    name: Mapped[str]
    first_name: Mapped[str]
    last_name: Mapped[str]
    email: Mapped[str]
    language: Mapped[str]
    country: Mapped[str]
    attributes: Mapped[dict[str, str]] = mapped_column(JSON().with_variant(JSONB(), "postgresql"))


NAMES = ("id", "phone", "person_key", "name", "first_name", "last_name", "email", "language", "country", "attributes")
OWNER = uuid.UUID(int=1)


@dataclass(frozen=True)
class Rates:
    """Rows a second."""

    batch_of_100: float
    raw: float


def measure(url: str, file: Path, most: int, count: int, known: range) -> Rates:
    """Both, in a process of their own: batches of 100 over the first `most` rows of the file, and all clean rows."""
    told = [url, str(file), *map(str, (most, count, known.start, known.stop))]
    done = subprocess.run(
        [sys.executable, "-m", "bench.lists.peers", *told], check=True, capture_output=True, text=True
    )
    return Rates(**json.loads(done.stdout))


def main(url: str, file: str, *sizes: str) -> None:
    """In that process."""
    most, count, first, after = map(int, sizes)
    known = range(first, after)
    slow = batch_of_100(ready(url, known), Path(file), most)
    new = [place for place in range(count) if place not in known]
    print(json.dumps({"batch_of_100": slow, "raw": raw(ready(url, known), new)}))


def ready(url: str, known: range) -> Engine:
    """The table, made anew, with those who are known."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _pragmas)
    Base.metadata.drop_all(engine)
    Base.metadata.create_all(engine)
    write(engine, [tuples(contact(place)) for place in known])
    return engine


def _pragmas(connection: sqlite3.Connection, _: object) -> None:
    for pragma in ("journal_mode = wal", "synchronous = normal"):
        connection.execute(f"pragma {pragma}")


def tuples(row: dict[str, object]) -> tuple[object, ...]:
    """A row of ours in the order of the columns."""
    return (OWNER, *(row[name] for name in NAMES))


def raw(engine: Engine, places: Iterable[int]) -> float:
    """Rows a second, of clean ones."""
    lines = [tuples(contact(place)) for place in places]
    began = time.perf_counter()
    write(engine, lines)
    return len(lines) / (time.perf_counter() - began)


def write(engine: Engine, lines: Sequence[tuple[object, ...]]) -> None:
    """As fast as the database takes them, in one transaction."""
    columns = ", ".join(("organization_id", *NAMES))
    connection = engine.raw_connection()
    try:
        driver = connection.driver_connection
        if isinstance(driver, psycopg.Connection):
            with driver.cursor() as cursor, cursor.copy(f"copy plain_contacts ({columns}) from stdin".encode()) as copy:
                for line in lines:
                    copy.write_row((*line[:-1], Jsonb(line[-1])))
        else:
            assert isinstance(driver, sqlite3.Connection)
            marks = ", ".join("?" * (len(NAMES) + 1))
            driver.executemany(f"insert into plain_contacts ({columns}) values ({marks})", map(_plain, lines))
        connection.commit()
    finally:
        connection.close()


def _plain(line: tuple[object, ...]) -> tuple[object, ...]:
    *rest, attributes = line
    return (*(value.hex if isinstance(value, uuid.UUID) else value for value in rest), json.dumps(attributes))


def batch_of_100(engine: Engine, file: Path, most: int) -> float:
    """Rows a second, of the first so many rows of the file."""
    began, count = time.perf_counter(), 0
    with file.open(encoding="utf-8", newline="") as stream, Session(engine) as session:
        lines = islice(csv.DictReader(stream), most)
        while batch := list(islice(lines, BATCH)):
            count += len(batch)
            _store(session, batch)
    return count / (time.perf_counter() - began)


def _store(session: Session, batch: Sequence[dict[str, str]]) -> None:
    found = {phone: line for line in batch if (phone := _phone(line))}
    wanted = select(Plain).where(Plain.organization_id == OWNER, Plain.phone.in_(found))
    there = {one.phone: one for one in session.scalars(wanted)}
    for phone, line in found.items():
        one = there.get(phone) or Plain(organization_id=OWNER, phone=phone, person_key=phone)
        for name, value in _values(line):
            setattr(one, name, value)
        session.add(one)
    session.commit()


def _phone(line: dict[str, str]) -> str | None:
    try:
        number = phonenumbers.parse(line[HEADER[0]], _COUNTRIES.get(line["Country"], DEFAULT_COUNTRY))
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(number):
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _values(line: dict[str, str]) -> Iterator[tuple[str, object]]:
    yield "name", f"{line['First name']} {line['Last name']}"
    yield from (("first_name", line["First name"]), ("last_name", line["Last name"]), ("language", line["Language"]))
    yield "email", _email(line["E-mail"])
    yield "country", _COUNTRIES.get(line["Country"], "")
    yield "attributes", {"city": line["City"], "customer_number": line["Customer number"]}


def _email(cell: str) -> str:
    try:
        return validate_email(cell, check_deliverability=False).normalized.lower()
    except EmailNotValidError:
        return ""


if __name__ == "__main__":
    main(*sys.argv[1:])

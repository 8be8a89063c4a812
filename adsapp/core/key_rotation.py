"""Re-encrypts stored secrets with a new key while the installation runs.

A column of secrets has the type `Sealed` (core/db/sealed.py). Its table belongs to organizations and has a one-column
primary key (a test checks that). A rotation walks such a table organization by organization, in the order of its key,
and rewrites the values that are not encrypted with the first key. It stores no position: each value shows which key
decrypts it, so a run that was stopped is simply started again.

Values are checked and encrypted outside transactions. Transactions that write are short and never wait for one lock
while they hold another: a batch takes the rows that nobody has locked, and writes the others one by one afterwards.
"""

import fcntl
import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from flask import Flask
from sqlalchemy import Column, Label, LargeBinary, Row, Table, Update, bindparam, select, type_coerce, update

from adsapp.core import db
from adsapp.core.crypto import UnreadableSecret

STORED = LargeBinary()  # the bytes as they are
BATCH = 500  # rows in one transaction
TRIES = 5  # attempts at a value that somebody else changes between our read and our write


class Keys:
    """The keys in use, newest first."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._first = Fernet(keys[0])
        self._all = MultiFernet([Fernet(key) for key in keys])

    def renew(self, sealed: bytes) -> bytes:
        """The value encrypted with the first key; unchanged if it already is. Raises UnreadableSecret."""
        try:
            return sealed if self._is_current(sealed) else self._all.rotate(sealed)
        except InvalidToken:
            raise UnreadableSecret("no key in use opens this value") from None

    def _is_current(self, sealed: bytes) -> bool:
        try:
            self._first.decrypt(sealed)
        except InvalidToken:
            return False
        return True


@dataclass(frozen=True)
class Place:
    """The place of a value in the database."""

    table: str
    column: str
    id: str


@dataclass
class Count:
    """Counts of the values of one table; `unreadable` names each of those."""

    table: str
    values: int = 0
    current: int = 0  # encrypted with the first key when they were read
    under_old_keys: int = 0
    rewritten: int = 0
    changing: int = 0  # somebody changed it at every attempt
    unreadable: list[Place] = field(default_factory=list)


@dataclass(frozen=True)
class _Stale:
    """A value encrypted with an old key, and with the first one."""

    id: Any
    column: str
    old: bytes
    new: bytes


def sealed_tables() -> list[Table]:
    """All tables with a sealed column, by name; `load_tables` must have been called."""
    tables = sorted(db.Base.metadata.tables.values(), key=lambda table: table.name)
    return [table for table in tables if sealed_columns(table)]


def sealed_columns(table: Table) -> list[Column[Any]]:
    """The columns of a table whose type is `Sealed`."""
    return [column for column in table.columns if isinstance(column.type, db.Sealed)]


class Rotation:
    """Re-encrypts values with the first key. It commits batch by batch; `write=False` only counts."""

    def __init__(
        self,
        app: Flask,
        keys: Keys,
        *,
        write: bool = True,
        batch: int = BATCH,
        on_batch: Callable[[Count], None] = lambda _count: None,
    ) -> None:
        self._app = app
        self._keys = keys
        self._write = write
        self._batch = batch
        self._on_batch = on_batch

    def run(self, table: Table, organizations: Sequence[uuid.UUID]) -> Count:
        """Rotate one table for these organizations."""
        count = Count(table.name)
        for organization_id in organizations:
            with db.organization_context(self._app, organization_id):
                self._walk(_Rows(table, organization_id), count)
        return count

    def _walk(self, rows: "_Rows", count: Count) -> None:
        batch = rows.after(None, self._batch)
        while batch:
            stale = [each for row in batch for each in self._judge(rows, row, count)]
            if stale and self._write:
                self._rewrite(rows, stale, count)
            self._on_batch(count)
            batch = rows.after(batch[-1].key, self._batch)

    def _judge(self, rows: "_Rows", row: Row[Any], count: Count) -> Iterator[_Stale]:
        for column in rows.columns:
            old: bytes | None = row._mapping[column.name]
            if old is None:
                continue
            count.values += 1
            try:
                new = self._keys.renew(old)
            except UnreadableSecret:
                count.unreadable.append(Place(rows.table.name, column.name, str(row.key)))
                continue
            if new == old:
                count.current += 1
                continue
            count.under_old_keys += 1
            yield _Stale(row.key, column.name, old, new)

    def _rewrite(self, rows: "_Rows", stale: list[_Stale], count: Count) -> None:
        written = rows.write_free(stale)
        count.rewritten += len(written)
        for each in stale:
            if each not in written:
                self._rewrite_one(rows, each, count)

    def _rewrite_one(self, rows: "_Rows", stale: _Stale, count: Count) -> None:
        for _ in range(TRIES):
            if rows.write_one(stale):
                count.rewritten += 1
                return
            old = rows.value(stale)
            new = self._renewed(old, stale, count)
            if old is None or new is None:
                return
            stale = replace(stale, old=old, new=new)
        count.changing += 1

    def _renewed(self, old: bytes | None, stale: _Stale, count: Count) -> bytes | None:
        # Somebody else changed the row: it is gone, or is encrypted with the first key now, or must be written again.
        if old is None:
            return None
        try:
            new = self._keys.renew(old)
        except UnreadableSecret:
            count.unreadable.append(Place(count.table, stale.column, str(stale.id)))
            return None
        return None if new == old else new


class _Rows:
    """The rows of one table that belong to the organization of the current session."""

    def __init__(self, table: Table, organization_id: uuid.UUID) -> None:
        self.table = table
        self.columns = sealed_columns(table)
        (self._key,) = table.primary_key.columns
        self._mine = table.c.organization_id == organization_id
        self._select = select(self._key.label("key"), *map(_as_stored, self.columns)).where(self._mine)

    def after(self, key: Any, limit: int) -> Sequence[Row[Any]]:
        """The next rows in the order of the key: `key` and the sealed columns."""
        wanted = self._select if key is None else self._select.where(self._key > key)
        with db.read_only():
            return db.session.connection().execute(wanted.order_by(self._key).limit(limit)).all()

    def value(self, stale: _Stale) -> bytes | None:
        """The current value of the column; None if the row is gone."""
        with db.read_only():
            row = db.session.connection().execute(self._select.where(self._key == stale.id)).one_or_none()
        return None if row is None else row._mapping[stale.column]

    def write_free(self, stale: Sequence[_Stale]) -> set[_Stale]:
        """Write those values, in one transaction, whose rows nobody has locked or changed; returns them.

        Rows are locked without waiting: a transaction that waits for one row while it holds others can deadlock with a
        worker that claims the same jobs in another order.
        """
        wanted = self._select.where(self._key.in_({each.id for each in stale})).order_by(self._key)
        connection = db.session.connection()
        locked = connection.execute(wanted.with_for_update(key_share=True, skip_locked=True)).all()
        held = {row.key: row._mapping for row in locked}
        free = {each for each in stale if each.id in held and held[each.id][each.column] == each.old}
        for column in self.columns:
            values = [_values(each) for each in stale if each in free and each.column == column.name]
            if values:
                connection.execute(self._update(column), values)
        db.session.commit()
        return free

    def write_one(self, stale: _Stale) -> bool:
        """Write one value in its own transaction, but only if the column still has the old one."""
        connection = db.session.connection()
        written = connection.execute(self._update(self.table.c[stale.column]), _values(stale)).rowcount
        db.session.commit()
        return bool(written)

    def _update(self, column: Column[Any]) -> Update:
        is_unchanged = _as_stored(column) == bindparam("old_value", type_=STORED)
        return (
            update(self.table)
            .where(self._mine, self._key == bindparam("row_key", type_=self._key.type), is_unchanged)
            .values({column: bindparam("new_value", type_=STORED)})
        )


def _as_stored(column: Column[Any]) -> Label[bytes]:
    return type_coerce(column, STORED).label(column.name)


def _values(stale: _Stale) -> dict[str, Any]:
    return {"row_key": stale.id, "old_value": stale.old, "new_value": stale.new}


def keep_first(home: Path, key: str) -> int:
    """Add a key as the first one in the embedded shape's `home`/secrets.json; returns the number of keys.

    The file is replaced in one step and readable by its owner only. If two commands run at the same time, both keys are
    kept: with a lost key, everything encrypted with it would be lost, too.
    """
    path = home / "secrets.json"
    directory = os.open(home, os.O_RDONLY)
    try:
        fcntl.flock(directory, fcntl.LOCK_EX)  # released with the descriptor
        kept = json.loads(path.read_text())
        kept["encryption_keys"] = [key, *kept["encryption_keys"]]
        _replace(path, json.dumps(kept))
        os.fsync(directory)
    finally:
        os.close(directory)
    return len(kept["encryption_keys"])


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f".secrets-{uuid.uuid4().hex}")
    try:
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)

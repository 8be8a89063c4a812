"""What migrations need beyond tables: isolation of organizations and counters that cannot be wrong.

Counters are kept by the database itself, in the transaction that changes the rows (triggers), so that no code path
can forget them: on PostgreSQL per statement with transition tables, on SQLite per row. docs/adr/0004 has the reasons.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Connection, text

from adsapp.core.db import APP_ROLE, DOOR_ROLE, ENGINE_ROLE

LOCK_NOT_AVAILABLE = "55P03"  # PostgreSQL's code of a lock that was waited for too long

MINE = "nullif(current_setting('app.organization_id', true), '')::uuid"  # the organization that is bound
KEY = "nullif(current_setting('app.key', true), '')"  # what was shown at the door


class MissingRole(Exception):
    """Who upgrades may neither make nor take a role that this version needs."""


class InUse(Exception):
    """Somebody used a table for so long that the upgrade gave up, so that others need not wait behind it."""


def make_roles(connection: Connection) -> None:
    """Make the roles of PostgreSQL and let the connecting user take them; SQLite has none."""
    if connection.dialect.name != "postgresql":
        return
    for role in (APP_ROLE, DOOR_ROLE, ENGINE_ROLE):
        # Roles belong to the whole server, so another database's migration may make the same one just now.
        connection.execute(
            text(
                f"do $$ begin create role {role} nologin nosuperuser nobypassrls; "
                "exception when duplicate_object or unique_violation or insufficient_privilege then null; end $$"
            )
        )
        connection.execute(
            text(
                f"do $$ begin execute format('grant {role} to %I', current_user); "
                # made and granted by another database of this server before
                "exception when unique_violation or insufficient_privilege then null; end $$"
            )
        )
        _demand_role(connection, role)
        connection.execute(text(f"grant usage on schema public to {role}"))


def _demand_role(connection: Connection, role: str) -> None:
    may_take = text("select pg_has_role(oid, 'member') from pg_roles where rolname = :role")
    if not connection.scalar(may_take, {"role": role}):
        user = connection.scalar(text("select current_user"))
        raise MissingRole(
            f"the role {role} is missing in PostgreSQL, or {user} may not take it: as a superuser run "
            f'create role {role} nologin; grant {role} to "{user}"; and then this again'
        )


def share_table(connection: Connection, table: str, *, engine: str = "") -> None:
    """A table without an organization: the application may use it; the engine as given ('select, insert')."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text(f"grant select, insert, update, delete on {table} to {APP_ROLE}"))
    connection.execute(text(f"grant usage, select on all sequences in schema public to {APP_ROLE}, {ENGINE_ROLE}"))
    if engine:
        connection.execute(text(f"grant {engine} on {table} to {ENGINE_ROLE}"))


def isolate_table(connection: Connection, table: str, *, engine: str = "") -> None:
    """A tenant's table: row-level security, forced; `engine` names what the engine may do across organizations."""
    if connection.dialect.name != "postgresql":
        return
    share_table(connection, table, engine=engine)
    guard_table(connection, table)
    add_policy(connection, table, "organization", APP_ROLE, f"organization_id = {MINE}")
    add_policy(connection, table, "engine", ENGINE_ROLE, "true")


def guard_table(connection: Connection, table: str) -> None:
    """Row-level security, forced upon the table's owner, too: nobody sees a row that no policy shows them."""
    for how in ("enable", "force"):
        connection.execute(text(f"alter table {table} {how} row level security"))


def add_policy(connection: Connection, table: str, name: str, role: str, rows: str) -> None:
    """Show these rows of the table to a role, which may change them into such rows only."""
    connection.execute(text(f"create policy {name} on {table} to {role} using ({rows}) with check ({rows})"))


@contextmanager
def rows_of_all(connection: Connection, *tables: str) -> Iterator[None]:
    """The rows of all organizations, for a migration that changes them: row-level security is forced upon the owner of
    these tables too, and inside the block it is not."""
    guarded = tables if connection.dialect.name == "postgresql" else ()
    for table in guarded:
        connection.execute(text(f"alter table {table} no force row level security"))
    yield
    for table in guarded:
        connection.execute(text(f"alter table {table} force row level security"))


def count_rows(connection: Connection, table: str, counts: str, keys: Sequence[str], *, slots: bool = False) -> None:
    """Keep `counts(organization_id, *keys, count)` equal to the rows of `table`, whoever changes them.

    With `slots`, a counter is the sum of several rows that differ in a column `slot`, and on PostgreSQL a transaction
    takes one that nobody else has locked: many may count at once, and none ever waits for another's counter.
    """
    columns = ["organization_id", *keys]
    if connection.dialect.name == "postgresql":
        _count_by_statement(connection, table, counts, columns, slots)
    else:
        _count_by_row(connection, table, counts, columns, slots)


def stop_counting(connection: Connection, table: str) -> None:
    """Undo `count_rows`, before its counters get other columns."""
    for action in ("insert", "update", "delete"):
        name = f"count_{table}_{action}"
        if connection.dialect.name == "postgresql":
            connection.execute(text(f"drop function {name}() cascade"))
        else:
            connection.execute(text(f"drop trigger {name}"))


def freeze_rows(connection: Connection, table: str) -> None:
    """Rows of this table are written once; a change is refused by the database itself. Deleting them is not."""
    words = f"rows of {table} are never changed"
    if connection.dialect.name != "postgresql":
        connection.execute(
            text(f"create trigger freeze_{table} before update on {table} begin select raise(abort, '{words}'); end")
        )
        return
    connection.execute(
        text(
            f"create function freeze_{table}() returns trigger language plpgsql as "
            f"$$ begin raise exception '{words}'; end $$"
        )
    )
    connection.execute(
        text(f"create trigger freeze_{table} before update on {table} for each row execute function freeze_{table}()")
    )


def _count_by_statement(connection: Connection, table: str, counts: str, columns: list[str], slots: bool) -> None:
    names = ", ".join(columns)
    sources = {
        "insert": (f"select {names}, 1 as n from new_rows", "new table as new_rows"),
        "delete": (f"select {names}, -1 as n from old_rows", "old table as old_rows"),
        "update": (
            f"select {names}, 1 as n from new_rows union all select {names}, -1 from old_rows",
            "old table as old_rows new table as new_rows",
        ),
    }
    for action, (changes, referencing) in sources.items():
        name = f"count_{table}_{action}"
        # ordered, so that two transactions lock the same counters in the same order
        sums = f"select {names}, sum(n) as n from ({changes}) c group by {names} having sum(n) <> 0 order by {names}"
        body = _add_to_a_free_slot(counts, columns, sums) if slots else _add_to_the_one(counts, names, sums)
        connection.execute(text(f"create function {name}() returns trigger language plpgsql as $$ {body} $$"))
        connection.execute(
            text(
                f"create trigger {name} after {action} on {table} referencing {referencing} "
                f"for each statement execute function {name}()"
            )
        )


def _add_to_the_one(counts: str, names: str, sums: str) -> str:
    return (
        f"begin insert into {counts} ({names}, count) {sums} "
        f"on conflict ({names}) do update set count = {counts}.count + excluded.count; return null; end"
    )


def _add_to_a_free_slot(counts: str, columns: list[str], sums: str) -> str:
    names, same = ", ".join(columns), " and ".join(f"t.{column} = c.{column}" for column in columns)
    values = ", ".join(f"c.{column}" for column in columns)
    return (
        f"declare c record; begin for c in {sums} loop "
        f"update {counts} t set count = t.count + c.n where {same} and t.slot = "
        f"(select t.slot from {counts} t where {same} limit 1 for update skip locked); "
        f"if not found then insert into {counts} ({names}, slot, count) "
        # as good as never taken; should it be, the row is added to like any other counter
        f"values ({values}, floor(random() * 2147483647)::integer, c.n) "
        f"on conflict ({names}, slot) do update set count = {counts}.count + excluded.count; end if; "
        "end loop; return null; end"
    )


def _count_by_row(connection: Connection, table: str, counts: str, columns: list[str], slots: bool) -> None:
    names = ", ".join(columns)
    slot = ", slot" if slots else ""  # one writer at a time: the first slot does for all

    def add(row: str, n: int) -> str:
        values = ", ".join(f"{row}.{column}" for column in columns) + (", 0" if slots else "")
        return (
            f"insert into {counts} ({names}{slot}, count) values ({values}, {n}) "
            f"on conflict ({names}{slot}) do update set count = count + ({n});"
        )

    changed = " or ".join(f"old.{column} is not new.{column}" for column in columns)
    for action, condition, body in (
        ("insert", "", add("new", 1)),
        ("delete", "", add("old", -1)),
        ("update", f"when {changed}", add("old", -1) + " " + add("new", 1)),
    ):
        of = " of " + names if action == "update" else ""
        connection.execute(
            text(
                f"create trigger count_{table}_{action} after {action}{of} on {table} "
                f"for each row {condition} begin {body} end"
            )
        )


@dataclass(frozen=True)
class Without:
    """A counter of those rows alone that get a moment and do not have another."""

    name: str
    moment: str
    other: str


def count_moments(
    connection: Connection, table: str, counts: str, keys: Sequence[str], moments: Sequence[str | Without]
) -> None:
    """Keep in `counts(organization_id, *keys, minute, *names)` in which minute how many rows got each of these moments.

    A moment is a column whose name ends in `_at`; its counter is called as the column without that. What counts is the
    moment that a row gets when it has none: a correction does not, and nothing is taken away when it is lost again.
    """
    columns = ["organization_id", *keys]
    if connection.dialect.name == "postgresql":
        _count_moments_by_statement(connection, table, counts, columns, moments)
    else:
        _count_moments_by_row(connection, table, counts, columns, moments)


def forget_moments(connection: Connection, table: str, moments: Sequence[str]) -> None:
    """Count them no more, before others are counted."""
    if connection.dialect.name == "postgresql":
        for action in ("insert", "update"):
            connection.exec_driver_sql(f"drop trigger count_{table}_moments_{action} on {table}")
            connection.exec_driver_sql(f"drop function count_{table}_moments_{action}()")
        return
    for moment in moments:
        for action in ("insert", "update"):
            connection.exec_driver_sql(f"drop trigger count_{table}_{moment.removesuffix('_at')}_{action}")


def _counter(moment: str | Without) -> tuple[str, str, str]:
    """Its name, its column, and what else must hold for a row {}."""
    if isinstance(moment, Without):
        return moment.name, moment.moment, f" and {{}}.{moment.other} is null"
    return moment.removesuffix("_at"), moment, ""


def _count_moments_by_statement(
    connection: Connection, table: str, counts: str, columns: list[str], moments: Sequence[str | Without]
) -> None:
    counters = [_counter(moment) for moment in moments]
    keys, names = ", ".join([*columns, "minute"]), [name for name, _, _ in counters]
    for action, source, referencing in (
        ("insert", "from new_rows n where n.{0} is not null", "new table as new_rows"),
        (
            "update",
            "from new_rows n join old_rows o on o.id = n.id where n.{0} is not null and o.{0} is null",
            "old table as old_rows new table as new_rows",
        ),
    ):
        rows = " union all ".join(
            f"select {', '.join('n.' + column for column in columns)}, "
            f"date_trunc('minute', n.{moment}, 'UTC') as minute, "
            f"{', '.join(f'{int(other == name)} as {other}' for other in names)} "
            + source.format(moment)
            + also.format("n")
            for name, moment, also in counters
        )
        totals = ", ".join(f"sum({name})" for name in names)
        sums = f"select {keys}, {totals} from ({rows}) c group by {keys} order by {keys}"
        added = ", ".join(f"{name} = {counts}.{name} + excluded.{name}" for name in names)
        body = (
            f"begin insert into {counts} ({keys}, {', '.join(names)}) {sums} "
            f"on conflict ({keys}) do update set {added}; return null; end"
        )
        trigger = f"count_{table}_moments_{action}"
        connection.execute(text(f"create function {trigger}() returns trigger language plpgsql as $$ {body} $$"))
        connection.execute(
            text(
                f"create trigger {trigger} after {action} on {table} referencing {referencing} "
                f"for each statement execute function {trigger}()"
            )
        )


def _count_moments_by_row(
    connection: Connection, table: str, counts: str, columns: list[str], moments: Sequence[str | Without]
) -> None:
    keys, values = ", ".join([*columns, "minute"]), ", ".join("new." + column for column in columns)
    for name, moment, also in map(_counter, moments):
        minute = f"substr(new.{moment}, 1, 16) || ':00.000000'"  # as a moment is written
        body = (
            f"insert into {counts} ({keys}, {name}) values ({values}, {minute}, 1) "
            f"on conflict ({keys}) do update set {name} = {name} + 1;"
        )
        for action, condition in (
            ("insert", f"new.{moment} is not null{also.format('new')}"),
            (f"update of {moment}", f"new.{moment} is not null and old.{moment} is null{also.format('new')}"),
        ):
            trigger = f"count_{table}_{name}_{action.partition(' ')[0]}"
            connection.exec_driver_sql(
                f"create trigger {trigger} after {action} on {table} for each row when {condition} begin {body} end"
            )

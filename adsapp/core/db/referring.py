"""References that PostgreSQL checks once a statement, for tables that get thousands of rows at once.

A foreign key looks its row up again for each row that names it, also where a thousand in a row name the same one: that
took almost half of the server's time in an import. A reference here promises the same by triggers with transition
tables: no row may name one that is not there, the named ones are locked against deletion until the transaction ends,
and they take the rows that name them with them, or may not go. Neither end is ever pointed elsewhere. SQLite, where a
look-up costs next to nothing, keeps its foreign keys. docs/adr/0025 has the reasons.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, text

# Plans are kept for as long as the connection: one that was made for an empty table would walk a full one.
_BY_INDEX = "set enable_seqscan = off set enable_hashjoin = off set enable_mergejoin = off"


@dataclass(frozen=True)
class Reference:
    """Rows of `table` name one of `to`, by columns that have a value in every row."""

    table: str
    columns: tuple[str, ...]
    to: str
    keys: tuple[str, ...] = ("organization_id", "id")
    cascade: bool = True

    @property
    def name(self) -> str:
        """The name that the foreign key has or had."""
        return f"fk_{self.table}_{'_'.join(self.columns)}"

    @property
    def names(self) -> str:
        """The columns, for SQL."""
        return ", ".join(self.columns)

    @property
    def match(self) -> str:
        """SQL: the row n names the row p."""
        pairs = zip(self.columns, self.keys, strict=True)
        return " and ".join(f"n.{column} = p.{key}" for column, key in pairs)


def refer_by_statement(connection: Connection, reference: Reference) -> None:
    """Put the reference into the place of the foreign key of its name."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(text(f"alter table {reference.table} drop constraint {reference.name}"))
    _trigger(connection, reference, "there", reference.table, "insert", "new", _must_be_there(reference))
    _trigger(connection, reference, "gone", reference.to, "delete", "old", _goes_along(reference))
    _keep(connection, reference, "pointed", reference.table, reference.columns)
    _keep(connection, reference, "named", reference.to, reference.keys)


def refer_by_row(connection: Connection, reference: Reference) -> None:
    """The other way round."""
    if connection.dialect.name != "postgresql":
        return
    for what in ("there", "gone", "pointed", "named"):
        connection.execute(text(f"drop function {reference.name}_{what}() cascade"))
    behind = " on delete cascade" if reference.cascade else ""
    connection.execute(
        text(
            f"alter table {reference.table} add constraint {reference.name} foreign key ({reference.names}) "
            f"references {reference.to} ({', '.join(reference.keys)}){behind}"
        )
    )


def _trigger(connection: Connection, reference: Reference, what: str, on: str, action: str, rows: str, do: str) -> None:
    name = f"{reference.name}_{what}"
    connection.execute(text(f"create function {name}() returns trigger language plpgsql {_BY_INDEX} as $$ {do} $$"))
    connection.execute(
        text(
            f"create trigger {name} after {action} on {on} referencing {rows} table as {rows}_rows "
            f"for each statement execute function {name}()"
        )
    )


# Each row that is named, once: how many these are, and how many of them could be locked.
_THERE = """
declare
    wanted bigint;
    held bigint;
begin
    select count(*) into wanted from (select distinct {names} from new_rows) n;
    select count(*) into held from (
        select from (select distinct {names} from new_rows) n join {to} p on {match} for key share of p
    ) h;
    if held < wanted then
        {violation}
    end if;
    return null;
end
"""
_GONE_TOO = "begin delete from {table} n using old_rows p where {match}; return null; end"
_NOT_GONE = (
    "begin if exists (select from {table} n, old_rows p where {match}) then {violation} end if; return null; end"
)


def _must_be_there(reference: Reference) -> str:
    violation = _violation(reference, f"names a row of {reference.to} that is not there")
    return _THERE.format(names=reference.names, to=reference.to, match=reference.match, violation=violation)


def _goes_along(reference: Reference) -> str:
    violation = _violation(reference, f"still names a row of {reference.to}")
    body = _GONE_TOO if reference.cascade else _NOT_GONE
    return body.format(table=reference.table, match=reference.match, violation=violation)


def _keep(connection: Connection, reference: Reference, what: str, on: str, columns: tuple[str, ...]) -> None:
    """The columns stay as they are; whoever does not set them pays nothing for it."""
    name = f"{reference.name}_{what}"
    changed = " or ".join(f"old.{column} <> new.{column}" for column in columns)
    words = _violation(reference, f"would change in {on}")
    connection.execute(text(f"create function {name}() returns trigger language plpgsql as $$ begin {words} end $$"))
    connection.execute(
        text(
            f"create trigger {name} before update of {', '.join(columns)} on {on} for each row "
            f"when ({changed}) execute function {name}()"
        )
    )


def _violation(reference: Reference, words: str) -> str:
    return (
        f"raise foreign_key_violation using message = 'a row of {reference.table} {words}', "
        f"constraint = '{reference.name}', table = '{reference.table}';"
    )

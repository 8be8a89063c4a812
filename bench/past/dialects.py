"""The few expressions in which the two databases differ, as text for the statements that make the past."""

import uuid
from dataclasses import dataclass


@dataclass(frozen=True)
class PostgreSQL:
    """As PostgreSQL says it."""

    series = "generate_series(cast(:first as bigint), cast(:last as bigint)) as series(n)"

    def hex(self, number: str, width: int) -> str:
        """A number as so many hexadecimal digits."""
        return f"lpad(to_hex({number}), {width}, '0')"

    def id(self, text: str) -> str:
        """32 hexadecimal digits as an id."""
        return f"cast({text} as uuid)"

    def literal(self, value: uuid.UUID) -> str:
        """An id that is known."""
        return f"cast('{value}' as uuid)"

    def moment(self, milliseconds: str) -> str:
        """Milliseconds since 1970 as a moment."""
        return f"to_timestamp(({milliseconds}) / 1000.0)"

    def cut(self, moment: str, span: str) -> str:
        """The beginning of the minute, hour or day."""
        return f"date_trunc('{span}', {moment}, 'UTC')"


@dataclass(frozen=True)
class SQLite:
    """As SQLite says it; ids and moments are kept as text."""

    series = "(with recursive s(n) as (select :first union all select n + 1 from s where n < :last) select n from s)"

    def hex(self, number: str, width: int) -> str:
        """A number as so many hexadecimal digits."""
        return f"printf('%0{width}x', {number})"

    def id(self, text: str) -> str:
        """32 hexadecimal digits as an id."""
        return text

    def literal(self, value: uuid.UUID) -> str:
        """An id that is known."""
        return f"'{value.hex}'"

    def moment(self, milliseconds: str) -> str:
        """Milliseconds since 1970 as a moment."""
        return f"strftime('%Y-%m-%d %H:%M:%f', ({milliseconds}) / 1000.0, 'unixepoch') || '000'"

    def cut(self, moment: str, span: str) -> str:
        """The beginning of the minute, hour or day."""
        shape = {"minute": "%Y-%m-%d %H:%M:00", "hour": "%Y-%m-%d %H:00:00", "day": "%Y-%m-%d 00:00:00"}[span]
        return f"strftime('{shape}.000000', {moment})"


Dialect = PostgreSQL | SQLite


def dialect_of(name: str) -> Dialect:
    """By the name that SQLAlchemy has for it."""
    return PostgreSQL() if name == "postgresql" else SQLite()

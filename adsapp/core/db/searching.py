"""Search by words, alike on both databases: case and accents do not count, nor do letters such as ø and ł; apostrophes
and hyphens are passed over, so that oneil finds O'Neil.

SQLite calls `search_key` itself; PostgreSQL has a function of the same name, made by a migration from the same tables.
"""

import unicodedata
from typing import Any

from sqlalchemy import Boolean, ColumnElement, Connection, bindparam, text
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

ACCENTS = "".join(map(chr, range(0x300, 0x370)))
PLAIN_SIGNS = "'`-"  # ASCII, as most texts are
SIGNS = (
    PLAIN_SIGNS
    + "\N{LEFT SINGLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK}\N{MODIFIER LETTER APOSTROPHE}"
    + ("\N{HYPHEN}\N{EN DASH}")
)
LETTERS = {"ł": "l", "ø": "o", "đ": "d", "ð": "d", "ħ": "h", "ŧ": "t", "ı": "i", "ς": "σ"}
PAIRS = {"ß": "ss", "æ": "ae", "œ": "oe", "þ": "th"}
_TABLE = str.maketrans(LETTERS | PAIRS | dict.fromkeys(ACCENTS + SIGNS, ""))
_PLAIN_TABLE = str.maketrans("", "", PLAIN_SIGNS)
# For a database made with a locale that knows the letters of one language only; the first that the server has.
_COLLATIONS = ("und-x-icu", "pg_c_utf8")


def search_key(words: str) -> str:
    """What two texts have in common if they are the same for a search."""
    if words.isascii():
        return words.lower().translate(_PLAIN_TABLE)
    return unicodedata.normalize("NFKD", words).lower().translate(_TABLE)


def search_key_or_null(words: str | None) -> str | None:
    """The same as a function of SQL."""
    return None if words is None else search_key(words)


class has_words(FunctionElement[bool]):
    """True for rows whose column has these words somewhere."""

    type = Boolean()
    inherit_cache = True

    def __init__(self, column: ColumnElement[str] | InstrumentedAttribute[str], words: str) -> None:
        super().__init__(column, bindparam(None, words))


@compiles(has_words, "sqlite")
def _has_words_on_sqlite(element: has_words, compiler: SQLCompiler, **kw: Any) -> str:
    column, words = (compiler.process(each, **kw) for each in element.clauses)
    return f"instr(search_key({column}), search_key({words})) > 0"


@compiles(has_words, "postgresql")
def _has_words_on_postgresql(element: has_words, compiler: SQLCompiler, **kw: Any) -> str:
    column, words = (compiler.process(each, **kw) for each in element.clauses)
    # as a query of its own, which is run once and not for each row
    return f"strpos(search_key({column}), (select search_key({words}))) > 0"


def make_search_key(connection: Connection) -> None:
    """Make the function on PostgreSQL; on SQLite each connection brings its own."""
    if connection.dialect.name != "postgresql":
        return
    connection.execute(
        text(
            "create or replace function search_key(words text) returns text language sql immutable parallel safe "
            f"return {_body(connection)}"
        )
    )


def _body(connection: Connection) -> str:
    if connection.scalar(text("select current_setting('server_encoding')")) != "UTF8":
        return f"translate(lower(words), '{PLAIN_SIGNS.replace(chr(39), chr(39) * 2)}', '')"
    collation = _collation(connection)
    lower = f"lower(normalize(words, NFKD){collation})"
    for pair, plain in PAIRS.items():
        lower = f"replace({lower}, '{pair}', '{plain}')"
    gone, plain = (signs.replace("'", "''") for signs in (ACCENTS + SIGNS, PLAIN_SIGNS))
    letters = f"translate({lower}, '{''.join(LETTERS)}{gone}', '{''.join(LETTERS.values())}')"
    ascii_only = f"translate(lower(words{collation}), '{plain}', '')"
    return f"case when octet_length(words) = length(words) then {ascii_only} else {letters} end"


def _collation(connection: Connection) -> str:
    if connection.scalar(text("select lower('ÉЮΣIŁ') = 'éюσił'")):
        return ""
    known = text(
        "select 1 from pg_collation where collname = :name "
        "and collencoding in (-1, pg_char_to_encoding(getdatabaseencoding()))"
    )
    found = (name for name in _COLLATIONS if connection.scalar(known, {"name": name}))
    return next((f' collate "{name}"' for name in found), "")

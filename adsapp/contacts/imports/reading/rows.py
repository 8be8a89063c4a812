"""Turns a row of a file into a contact, or rejects it with a reason.

Only the phone number decides, because nobody can be messaged without one. Anything else that cannot be used is left out
of the contact with a note, and the row is kept.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from adsapp.contacts.imports.reading.lines import MAX_CELL, TOO_LARGE, Row
from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.numbers import MAX_KNOWN, NumberReader
from adsapp.contacts.imports.reading.overlooked import unused_consent
from adsapp.contacts.values import consent
from adsapp.contacts.values.attributes import with_extension
from adsapp.contacts.values.emails import normalise_email
from adsapp.contacts.values.names import split_name
from adsapp.contacts.values.phones import Phone, Rejection, person_key, reject
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.contacts.values.text import MAX_ATTRIBUTE, MAX_NAME, MAX_TAG, name_key, one_line, plain, tidy

__all__ = ["MESSAGES", "ContactRow", "Defaults", "Note", "Rejected", "RowJudge", "judge"]

_TAG_ENDS = re.compile(r"[,;|\n]")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})(?:[-_]([A-Za-z]{2}))?")


class Note(NamedTuple):
    """Something in an accepted row that was left out or changed: a code of MESSAGES, the column, the written cell."""

    code: str
    column: str
    value: str


@dataclass(frozen=True, slots=True)
class Defaults:
    """An ISO country for national numbers in rows that name none, and tags for every row."""

    country: str | None = None
    tags: tuple[str, ...] = ()


class ContactRow(NamedTuple):
    """A row that can become a contact. A text is '' if the row does not give it, which must not clear a stored value.

    `name` is the whole name as written, or first and last name together; `email_typed` the address with its capitals,
    if it has any; `country` is an ISO code, from the row or, if the row has none, from the number; `opt_in` is False if
    any column refuses messages, else True if one agrees, else None; `assumed` is that of `Phone`.
    """

    number: int
    phone: str
    person_key: str
    extension: str
    assumed: str | None
    name: str
    first_name: str
    last_name: str
    email: str
    email_typed: str
    language: str
    country: str
    opt_in: bool | None
    tags: tuple[str, ...]
    attributes: dict[str, str]
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A row that cannot be imported: where, why (a code of MESSAGES), what to do, and its cells as they were."""

    number: int
    line: int
    column: str
    value: str
    code: str
    message: str
    suggestion: str
    cells: tuple[str, ...] = field(repr=False)


class RowJudge:
    """Judges the rows of one import. Columns are looked up once, when it is made; the mapping must be valid."""

    def __init__(self, mapping: Mapping, defaults: Defaults = Defaults()) -> None:
        phone = mapping.index_of("phone")
        if phone is None:
            raise ValueError("the mapping has no phone column; validate it first")
        self._mapping = mapping
        self._together = mapping.feeding_one()
        self._of_choice: dict[tuple[int, ...], RowJudge] = {}
        self._header = mapping.header
        self._width = len(mapping.header)
        self._phone = phone
        self._fields = [mapping.index_of(target) for target in ("name", "first_name", "last_name")]
        self._number = NumberReader(mapping, phone, defaults.country)
        self._email, self._language = mapping.index_of("email"), mapping.index_of("language")
        self._consent = (
            *((index, "opt_in_unclear", consent.consent) for index in mapping.all_of("opt_in")),
            *((index, "opted_out_unclear", consent.opt_out) for index in mapping.all_of("opted_out")),
        )
        self._unused_consent = unused_consent(mapping)
        self._reads_consent = bool(self._consent or self._unused_consent)
        self._tags = mapping.all_of("tags")
        self._attributes = tuple(mapping.attributes().items())
        self._defaults = defaults

    def __call__(self, row: Row) -> ContactRow | Rejected:
        cells = row.cells
        if row.too_large is not None:
            name = self._header[row.too_large] if row.too_large < self._width else ""
            return _rejected(row, name, cells[row.too_large], reject(TOO_LARGE, f"over {MAX_CELL:,} characters"))
        if len(cells) > self._width and any(cells[self._width :]):
            detail = f"{len(cells)} instead of {self._width}"
            return _rejected(row, "", "", reject("too_many_cells", detail))
        if len(cells) < self._width:
            cells = cells + [""] * (self._width - len(cells))
        return self._choosing(cells)._judge(row, cells) if self._together else self._judge(row, cells)

    def _choosing(self, cells: list[str]) -> "RowJudge":
        """The judge of rows in which the same columns as here are the first filled ones of their fields."""
        chosen = tuple(next((i for i in group if plain(cells[i])), group[0]) for group in self._together)
        if chosen not in self._of_choice:
            self._of_choice[chosen] = RowJudge(self._mapping.of_row(chosen), self._defaults)
        return self._of_choice[chosen]

    def _judge(self, row: Row, cells: list[str]) -> ContactRow | Rejected:
        phone, country, remark = self._number(cells)
        if isinstance(phone, Rejection):
            return _rejected(row, self._header[self._phone], cells[self._phone], phone)
        notes = [self._note(*remark, cells)] if remark else []
        if phone.extension:
            notes.append(self._note("extension_kept", self._phone, cells))
        return self._contact(row.number, cells, phone, country or phone.region, notes)

    def _contact(self, number: int, cells: list[str], phone: Phone, country: str, notes: list[Note]) -> ContactRow:
        whole, first, last = [self._name(cells, index, notes) for index in self._fields]
        if whole and not (first or last):
            first, last = split_name(whole)
        email, typed = self._read_email(cells, notes)
        return ContactRow(
            number=number,
            phone=phone.e164,
            person_key=person_key(phone.e164),
            extension=phone.extension,
            assumed=phone.assumed,
            name=whole or f"{first} {last}".strip(),
            first_name=first,
            last_name=last,
            email=email,
            email_typed=typed,
            language=self._read_language(cells, notes),
            country=country,
            opt_in=self._read_opt_in(cells, notes) if self._reads_consent else None,
            tags=self._read_tags(cells, notes),
            attributes=with_extension(self._read_attributes(cells, notes), phone.extension),
            notes=tuple(notes),
        )

    def _name(self, cells: list[str], index: int | None, notes: list[Note]) -> str:
        if index is None:
            return ""
        text = one_line(cells[index])
        return text if len(text) <= MAX_NAME else self._cut(text, MAX_NAME, index, cells, notes)

    def _read_email(self, cells: list[str], notes: list[Note]) -> tuple[str, str]:
        """The address, and as it was typed if that is not the same."""
        if self._email is None or not cells[self._email]:
            return "", ""
        found = normalise_email(cells[self._email])
        if found is None:
            if plain(cells[self._email]):
                notes.append(self._note("email_left_out", self._email, cells))
            return "", ""
        if found.reduced:
            notes.append(self._note("email_reduced", self._email, cells))
        return found.email, found.if_typed_otherwise

    def _read_language(self, cells: list[str], notes: list[Note]) -> str:
        if self._language is None or not cells[self._language]:
            return ""
        cell = cells[self._language]
        language = _known_language(cell) if len(cell) <= MAX_KNOWN else _language(cell)
        if language is None:
            notes.append(self._note("language_left_out", self._language, cells))
        return language or ""

    def _read_opt_in(self, cells: list[str], notes: list[Note]) -> bool | None:
        """Of several columns the refusal counts; a refusal in a column that is not used is noted at least."""
        agrees: bool | None = None
        for index, unclear, read in self._consent:
            answer = read(cells[index])
            if not answer.is_clear:
                notes.append(self._note(unclear, index, cells))
            if answer.agrees is not None and agrees is not False:
                agrees = answer.agrees
        for index in self._unused_consent:
            if consent.is_refusal(cells[index]):
                notes.append(self._note("refusal_unused", index, cells))
        return agrees

    def _read_tags(self, cells: list[str], notes: list[Note]) -> tuple[str, ...]:
        cell = cells[self._tags[0]] if len(self._tags) == 1 else ",".join(cells[index] for index in self._tags)
        if not cell:
            return self._defaults.tags
        if len(cell) <= MAX_TAG:
            return _tags_of(cell, self._defaults.tags)
        tags = filter(None, map(one_line, _TAG_ENDS.split(cell)))
        short = (tag if len(tag) <= MAX_TAG else self._cut(tag, MAX_TAG, self._tags[0], cells, notes) for tag in tags)
        return _each_once((*self._defaults.tags, *short))

    def _read_attributes(self, cells: list[str], notes: list[Note]) -> dict[str, str]:
        """The attributes with a value; a blank cell does not clear a stored one."""
        values = {}
        for key, index in self._attributes:
            text = tidy(cells[index])
            if text:
                values[key] = (
                    text if len(text) <= MAX_ATTRIBUTE else self._cut(text, MAX_ATTRIBUTE, index, cells, notes)
                )
        return values

    def _cut(self, text: str, limit: int, index: int, cells: list[str], notes: list[Note]) -> str:
        notes.append(self._note("cut_short", index, cells))
        return text[:limit]

    def _note(self, code: str, index: int, cells: list[str]) -> Note:
        return Note(code, self._header[index], cells[index])


def _language(cell: str) -> str | None:
    """The language that a cell names, "" if it is blank, None if it is something else."""
    if not (text := plain(cell)):
        return ""
    found = _LANGUAGE.fullmatch(text)
    return found[1].lower() + (f"_{found[2].upper()}" if found[2] else "") if found else None


_known_language = lru_cache(maxsize=1024)(_language)


@lru_cache(maxsize=1024)
def _tags_of(cell: str, given: tuple[str, ...]) -> tuple[str, ...]:
    """The tags of a cell in which nothing is to be cut, after those for every row; a list has few different ones."""
    return _each_once((*given, *filter(None, map(one_line, _TAG_ENDS.split(cell)))))


def _each_once(tags: Iterable[str]) -> tuple[str, ...]:
    found: dict[str, str] = {}
    for tag in tags:
        found.setdefault(name_key(tag), tag)
    return tuple(found.values())


def judge(row: Row, mapping: Mapping, defaults: Defaults = Defaults()) -> ContactRow | Rejected:
    """Judge a single row, for a preview; an import keeps one RowJudge for all its rows."""
    return RowJudge(mapping, defaults)(row)


def _rejected(row: Row, column: str, value: str, why: Rejection) -> Rejected:
    return Rejected(row.number, row.line, column, value, why.code, why.message, why.suggestion, tuple(row.cells))

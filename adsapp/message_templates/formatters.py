"""How a value is written: the same for messages and e-mails. Pure.

    {"field": "attribute:due", "format": {"name": "date", "locale": "pt_BR", "style": "long"}}
    {"field": "name", "format": ["first_word", "title"]}

Each formatter is a small class with a name, a description and what it makes of a text. One that cannot read a text
makes "" of it: the variable then has no value, as if the contact's field were empty. Dates, numbers and currencies are
written by Babel, from the tables of the Unicode consortium.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, ClassVar, Final

from babel.core import Locale, UnknownLocaleError
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal, list_currencies

from adsapp.integrations.values import is_link

KEPT: Final = 8_192  # results that are remembered: people share dates and amounts
MOST: Final = 3  # formatters one after another
STYLES: Final = ("short", "medium", "long", "full")
ORDERS: Final = ("ymd", "dmy", "mdy")
MOST_DECIMALS: Final = 6
MOST_DIGITS: Final = 18  # more is an id rather than an amount
LONGEST_READ: Final = 40  # a longer text is no date and no number
LONGEST_WRITTEN: Final = 120  # and no date, number or amount is written longer than this

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]\d{1,2}:\d{2}.*)?", re.ASCII)
_PARTS = re.compile(r"(\d{1,4})[./-](\d{1,2})[./-](\d{1,4})", re.ASCII)
_PLAIN = re.compile(r"[+-]?\d+(\.\d+)?", re.ASCII)
_POINT_LAST = re.compile(r"[+-]?\d{1,3}((,\d{3})+\.\d+|(,\d{3}){2,})", re.ASCII)
_COMMA_LAST = re.compile(r"[+-]?(\d{1,3}((\.\d{3})+,\d+|(\.\d{3}){2,})|\d+,(\d{1,2}|\d{4,}))", re.ASCII)
_EITHER = re.compile(r"[+-]?\d{1,3}[.,]\d{3}", re.ASCII)
_BLANKS = re.compile(r"(?<=\d)[ \u00a0\u202f'’](?=\d{3})")
_WORD = re.compile(r"[^\s\-–‐]+")


class FormatError(ValueError):
    """A formatter that does not exist, or an option that does not fit, in words."""


@dataclass(frozen=True, slots=True)
class TitleCase:
    """MARIA DEL MAR as Maria Del Mar; a word of mixed case (McDonald) stays as it is."""

    name: ClassVar = "title"
    description: ClassVar = "each word with a capital"
    can_fail: ClassVar = False

    def write(self, text: str) -> str:
        """The text, written so."""
        return _WORD.sub(lambda word: _capitalized(word.group()), text)

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return 3 * length  # one letter may become up to three: ΐ


@dataclass(frozen=True, slots=True)
class FirstWord:
    """María José Pérez as María."""

    name: ClassVar = "first_word"
    description: ClassVar = "the first word only"
    can_fail: ClassVar = False

    def write(self, text: str) -> str:
        """The text, written so."""
        words = text.split(None, 1)
        return words[0].rstrip(",;") if words else ""

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return length


@dataclass(frozen=True, slots=True)
class Upper:
    """ana as ANA."""

    name: ClassVar = "upper"
    description: ClassVar = "in capitals"
    can_fail: ClassVar = False

    def write(self, text: str) -> str:
        """The text, written so."""
        return text.upper()

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return 3 * length


@dataclass(frozen=True, slots=True)
class DateIn:
    """2026-12-01 as 1 de dezembro de 2026. `order` says how a date such as 1/12/2026 is meant; one that begins with the
    year, and one with points between, needs none."""

    locale: str
    style: str = "long"
    order: str = "ymd"
    name: ClassVar = "date"
    description: ClassVar = "as a date"
    can_fail: ClassVar = True

    def write(self, text: str) -> str:
        """The text, written so; "" if it is no date."""
        return _written_date(text, self.locale, self.style, self.order)

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return LONGEST_WRITTEN


@dataclass(frozen=True, slots=True)
class Number:
    """1234.5 as 1.234,5. `decimals`: exactly so many, -1 for as many as there are."""

    locale: str
    decimals: int = -1
    name: ClassVar = "number"
    description: ClassVar = "as a number"
    can_fail: ClassVar = True

    def write(self, text: str) -> str:
        """The text, written so; "" if it is no number."""
        return _written_number(text, self.locale, self.decimals)

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return LONGEST_WRITTEN


@dataclass(frozen=True, slots=True)
class Currency:
    """1234.5 as R$ 1.234,50. `currency` is its code of three letters."""

    locale: str
    currency: str
    name: ClassVar = "currency"
    description: ClassVar = "as an amount of money"
    can_fail: ClassVar = True

    def write(self, text: str) -> str:
        """The text, written so; "" if it is no number."""
        return _written_amount(text, self.locale, self.currency)

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return LONGEST_WRITTEN


@dataclass(frozen=True, slots=True)
class Link:
    """The address of a picture, a video or a document, as it is; what is no address of the web is none."""

    name: ClassVar = "link"
    description: ClassVar = "as the address of a file"
    can_fail: ClassVar = True

    def write(self, text: str) -> str:
        """The address, "" if it is none."""
        return text if is_link(text) and not any(char.isspace() for char in text) else ""

    def longest(self, length: int) -> int:
        """How long it can make a text of so many characters."""
        return length


Formatter = TitleCase | FirstWord | Upper | DateIn | Number | Currency | Link
KINDS: Final[dict[str, type[Formatter]]] = {
    kind.name: kind for kind in (TitleCase, FirstWord, Upper, DateIn, Number, Currency, Link)
}


@dataclass(frozen=True, slots=True)
class Format:
    """Formatters one after another; of none, a text stays as it is."""

    formatters: tuple[Formatter, ...] = ()
    _writers: tuple[Callable[[str], str], ...] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_writers", tuple(each.write for each in self.formatters))

    def __bool__(self) -> bool:
        return bool(self.formatters)

    @property
    def can_fail(self) -> bool:
        """True if it cannot read every text."""
        return any(each.can_fail for each in self.formatters)

    def write(self, text: str) -> str:
        """The text as they write it, "" if one of them cannot read it."""
        for writer in self._writers:
            if not text:
                return ""
            text = writer(text)
        return text

    def longest(self, length: int) -> int:
        """How long they can make a text of so many characters."""
        for each in self.formatters:
            length = each.longest(length)
        return length

    @property
    def in_words(self) -> str:
        """What it does, for people: as a date (pt_BR)."""
        return ", ".join(_in_words(each) for each in self.formatters)

    def why_not(self, text: str) -> str:
        """Why it cannot read a text, and what to do: is no date; could be two dates."""
        failing = next((each for each in self.formatters if each.can_fail), None)
        if isinstance(failing, DateIn) and failing.order == "ymd" and read_date(text, "dmy") != read_date(text, "mdy"):
            return "could be two dates: choose the order of day and month"
        if isinstance(failing, Number | Currency) and _EITHER.fullmatch(text):
            return "could be two numbers: write it without a mark for thousands"
        return f"is no {self.reads}"

    @property
    def reads(self) -> str:
        """What it takes for a value: a date, a number."""
        failing = next((each for each in self.formatters if each.can_fail), None)
        if isinstance(failing, Link):
            return "address of a file"
        return "date" if isinstance(failing, DateIn) else "number"


AS_IT_IS: Final = Format()
AS_LINK: Final = Format((Link(),))


def parse(raw: object) -> Format:
    """A format from its JSON: a name, {"name": …, options}, or a list of these. Raises `FormatError`."""
    if raw in (None, "", [], ()):
        return AS_IT_IS
    entries = raw if isinstance(raw, list | tuple) else [raw]
    if len(entries) > MOST:
        raise FormatError(f"has {len(entries)} formatters; {MOST} are allowed")
    return Format(tuple(map(_formatter, entries)))


def to_json(written: Format) -> Any:
    """The inverse of `parse`, as short as it can be said."""
    entries = [_as_json(each) for each in written.formatters]
    return entries[0] if len(entries) == 1 else entries


def is_locale(code: str) -> bool:
    """True if dates and numbers can be written for it: pt_BR, de."""
    return _locale(code) is not None


@lru_cache(maxsize=1)
def currencies() -> frozenset[str]:
    """The codes of all currencies."""
    return frozenset(list_currencies())


def _as_json(formatter: Formatter) -> Any:
    options = {
        each.name: getattr(formatter, each.name)
        for each in fields(formatter)
        if getattr(formatter, each.name) != each.default
    }
    return {"name": formatter.name, **options} if options else formatter.name


def _in_words(formatter: Formatter) -> str:
    options = [str(getattr(formatter, each.name)) for each in fields(formatter) if each.name in ("locale", "currency")]
    return f"{formatter.description} ({', '.join(options)})" if options else formatter.description


def _formatter(entry: object) -> Formatter:
    if isinstance(entry, str):
        entry = {"name": entry}
    given: Mapping[str, Any] = entry if isinstance(entry, Mapping) else {}
    name = given.get("name")
    kind = KINDS.get(name) if isinstance(name, str) else None
    if kind is None:
        raise FormatError(f"there is no formatter {name!r}; {_suggest(str(name), KINDS)}")
    options = {key: value for key, value in given.items() if key != "name"}
    known = {each.name for each in fields(kind)}
    odd = sorted(str(key) for key in options if key not in known)
    if odd:
        raise FormatError(f"the formatter {name} has no option {odd[0]!r}; {_suggest(odd[0], sorted(known))}")
    for key in ("locale", "currency", "style", "order", "decimals"):
        if key in known:
            options = _checked(kind, key, options)
    return kind(**options)


def _checked(kind: type[Formatter], key: str, options: dict[str, Any]) -> dict[str, Any]:
    if key not in options:
        if key in ("locale", "currency"):
            raise FormatError(f"the formatter {kind.name} needs a {key}, such as {EXAMPLES[key]}")
        return options
    value = options[key]
    why_not = _CHECKS[key](value)
    if why_not:
        raise FormatError(why_not)
    return {**options, key: value.replace("-", "_") if key == "locale" else value}


def _why_no_locale(value: object) -> str:
    return "" if isinstance(value, str) and is_locale(value) else f"there is no locale {value!r}; an example is pt_BR"


def _why_no_currency(value: object) -> str:
    known = isinstance(value, str) and value in currencies()
    return "" if known else f"there is no currency {value!r}; an example is EUR"


def _why_no_style(value: object) -> str:
    return "" if value in STYLES else f"a date has no style {value!r}; there are {', '.join(STYLES)}"


def _why_no_order(value: object) -> str:
    return "" if value in ORDERS else f"a date has no order {value!r}; there are {', '.join(ORDERS)}"


def _why_no_decimals(value: object) -> str:
    fits = isinstance(value, int) and not isinstance(value, bool) and -1 <= value <= MOST_DECIMALS
    return "" if fits else f"decimals should be a number from 0 to {MOST_DECIMALS}, or -1 for as many as there are"


EXAMPLES: Final = {"locale": "pt_BR", "currency": "EUR"}
_CHECKS: Final[dict[str, Callable[[object], str]]] = {
    "locale": _why_no_locale,
    "currency": _why_no_currency,
    "style": _why_no_style,
    "order": _why_no_order,
    "decimals": _why_no_decimals,
}


def _suggest(word: str, choices: Sequence[str] | Mapping[str, object]) -> str:
    close = get_close_matches(word, list(choices), n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    return f"there are {', '.join(choices)}" if choices else "it has none"


def _capitalized(word: str) -> str:
    if not (word.isupper() or word.islower()):
        return word
    head, mark, tail = word.replace("’", "'").partition("'")
    if mark and len(tail) > 1:  # O'NEIL is O'Neil, and IT'S stays It's
        return head.capitalize() + word[len(head)] + tail.capitalize()
    return word.capitalize()


# --- reading and writing ----------------------------------------------------------------------------------------------


@lru_cache(maxsize=512)
def _locale(code: str) -> Locale | None:
    try:
        return Locale.parse(code.replace("-", "_"))
    except (ValueError, UnknownLocaleError, TypeError):
        return None


def read_date(text: str, order: str = "ymd") -> date | None:
    """The date that a text says: 2026-12-01 (also with a time), 1.12.2026, and 1/12/2026 if its order is known."""
    if len(text) > LONGEST_READ:
        return None
    iso = _ISO.fullmatch(text)
    if iso:
        return _date(*map(int, iso.groups()))
    found = _PARTS.fullmatch(text)
    if found is None:
        return None
    first, second, third = found.groups()
    if len(first) == 4:
        return _date(int(first), int(second), int(third))
    if len(third) != 4 or (order == "ymd" and "." not in text):
        return None
    day, month = (second, first) if order == "mdy" else (first, second)
    return _date(int(third), int(month), int(day))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def read_number(text: str) -> Decimal | None:
    """The number that a text says: 1234.5, 1,234.50, 1.234,50, 12,5. What could be two of these (1,234) is none."""
    text = _BLANKS.sub("", text) if len(text) <= LONGEST_READ else ""
    if _POINT_LAST.fullmatch(text):
        text = text.replace(",", "")
    elif _COMMA_LAST.fullmatch(text):
        text = text.replace(".", "").replace(",", ".")
    elif not _PLAIN.fullmatch(text):
        return None
    return Decimal(text) if len(text) <= MOST_DIGITS else None


@lru_cache(maxsize=KEPT)
def _written_date(text: str, locale: str, style: str, order: str) -> str:
    found = read_date(text, order)
    return format_date(found, style, locale=_locale(locale)) if found else ""


@lru_cache(maxsize=KEPT)
def _written_number(text: str, locale: str, decimals: int) -> str:
    found = read_number(text)
    if found is None:
        return ""
    if decimals < 0:
        return format_decimal(found, locale=_locale(locale), decimal_quantization=False)
    pattern = "#,##0." + "0" * decimals if decimals else "#,##0"
    return format_decimal(found, pattern, locale=_locale(locale))


@lru_cache(maxsize=KEPT)
def _written_amount(text: str, locale: str, currency: str) -> str:
    found = read_number(text)
    return "" if found is None else format_currency(found, currency, locale=_locale(locale))

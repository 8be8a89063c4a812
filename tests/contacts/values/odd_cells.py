"""Cells of numbers and addresses as lists have them, good, old and broken, of every country; the same for each seed."""

import random
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

import phonenumbers
from phonenumbers import PhoneNumberFormat, PhoneNumberType

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
_KINDS = sorted(PhoneNumberType.values())


class PhoneCell(NamedTuple):
    """What `normalise_phone` is given."""

    cell: str
    default: str | None
    country: str | None


class _Number(NamedTuple):
    """A number, valid or not, and how libphonenumber writes it."""

    code: str
    digits: str  # the national ones

    @property
    def e164(self) -> str:
        return f"+{self.code}{self.digits}"

    @property
    def national(self) -> str:
        return self._formatted(PhoneNumberFormat.NATIONAL)

    @property
    def international(self) -> str:
        return self._formatted(PhoneNumberFormat.INTERNATIONAL)

    def _formatted(self, how: int) -> str:
        number = phonenumbers.PhoneNumber(
            int(self.code), int(self.digits or "0"), italian_leading_zero=self.digits.startswith("0")
        )
        return str(phonenumbers.format_number(number, how))


Spelling = Callable[[_Number], str]
SPELLINGS: tuple[Spelling, ...] = (
    lambda number: number.e164,
    lambda number: number.national,
    lambda number: number.international,
    lambda number: number.digits,
    lambda number: number.e164[1:],
    lambda number: "00" + number.e164[1:],
    lambda number: f"00 {number.code} {number.digits}",
    lambda number: "0" + number.digits,
    lambda number: f"+{number.code} (0){number.digits}",
    lambda number: f"({number.digits[:3]}) {number.digits[3:]}",
    lambda number: number.national.replace(" ", "-"),
    lambda number: number.digits + ".0",
    lambda number: f"  {number.international.replace(' ', chr(0xA0))}",
    lambda number: "\u202a" + number.e164 + "\u202c",
    lambda number: number.e164.translate({48 + digit: 0x660 + digit for digit in range(10)}),
    lambda number: f"tel:{number.international.replace(' ', '-')} ext. 45",
)


def phone_cells(chance: random.Random, count: int) -> Iterator[PhoneCell]:
    """So many cells, with a country of the row, a default country, both or none, right or wrong."""
    examples = _examples()
    for place in range(count):
        region = REGIONS[place % len(REGIONS)]
        number = _mutated(chance, chance.choice(examples[region]))
        yield PhoneCell(chance.choice(SPELLINGS)(number), *_countries(chance, region))


@lru_cache(maxsize=1)
def _examples() -> dict[str, list[_Number]]:
    """Numbers of each kind that each region has."""
    found: dict[str, list[_Number]] = {}
    for region in REGIONS:
        numbers = [phonenumbers.example_number_for_type(region, kind) for kind in _KINDS]
        found[region] = [
            _Number(str(number.country_code), phonenumbers.national_significant_number(number))
            for number in numbers
            if number
        ]
    return found


def _mutated(chance: random.Random, example: _Number) -> _Number:
    """The number as it is, or with digits changed, added, lost or swapped, mostly at its end: so most stay valid."""
    code, digits = example
    kept = chance.choice((len(digits), *[max(2, len(digits) - lost) for lost in (1, 2, 3, 4, 4)], 2, 0))
    end = "".join(chance.choice("0123456789") for _ in digits[kept:])
    digits = digits[:kept] + end
    match chance.randrange(24):
        case 0:
            digits += chance.choice("0123456789")
        case 1:
            digits = digits[:-1]
        case 2:
            digits = chance.choice(("0", "1", "8", "9", "15", code)) + digits
    return _Number(code, digits)


def addresses(chance: random.Random, count: int) -> Iterator[str]:
    """So many e-mail addresses, most of them with a slip, at the edges of what the standards allow."""
    for _ in range(count):
        address = f"{chance.choice(_LOCALS)}@{chance.choice(_HOSTS)}{chance.choice(_ENDS)}"
        for _ in range(chance.choice((0, 1, 1, 1, 2, 3))):
            place = chance.randrange(len(address) + 1)
            address = address[:place] + chance.choice(_SLIPS) + address[place + chance.randrange(2) :]
        yield address


_LOCALS = (
    "ann",
    "Ann.Lee",
    "o'hara",
    "a+b",
    "x" * 64,
    "y" * 230,
    "1",
    "info",
    "Ümit",
    "eve",
    "{a}",
    '"a b"',
    "a.",
    "-a-",
)
_HOSTS = (
    "example",
    "shop.example",
    "Mail.Example",
    "b" * 63,
    "c" * 64,
    "xn--bcher-kva",
    "bücher",
    "a-b",
    "-a",
    "ab--c",
    "1",
    "d." * 99,
)
_ENDS = (".com", ".CO.UK", ".test", ".local", ".onion", ".arpa", ".invalid", ".localhost", "", ".c", ".c0m", ".com1")
_SLIPS = (
    *"abcdefghijkl0123456789ABCDEFGHIJKL..@--_ '\"<>,;:()[]\\\n\t\0éß。ſK١",
    "..",
    "xn--",
    "--",
    ".test",
    "mailto:",
    "q" * 60,
)


def _countries(chance: random.Random, region: str) -> tuple[str | None, str | None]:
    default = chance.choice((region, region, chance.choice(REGIONS), None))
    country = chance.choice((region, None, None, chance.choice(REGIONS)))
    return default, country

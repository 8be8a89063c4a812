"""Made-up people with numbers that belong to nobody.

In every North American area code the numbers 555-0100 to 555-0199 are kept for fiction, and they are valid to
libphonenumber. 0190 is left out because the sandbox answers that ending as if the token had expired.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle, islice

AREA_CODES = (
    "202", "212", "213", "305", "312", "404", "415", "503", "512", "602", "617",
    "702", "713", "718", "720", "773", "808", "818", "901", "917", "206", "214",
    "216", "303", "314", "402", "410", "505", "612", "704", "801", "904",
)  # fmt: skip
LINES = tuple(number for number in range(100, 200) if number != 190)

FIRST_NAMES = (
    "Ana", "Ben", "Chidi", "Dana", "Elif", "Femi", "Grace", "Hugo", "Ines", "Jun", "Kofi", "Lena", "Mateo", "Nadia",
    "Omar", "Priya", "Quinn", "Rosa", "Sami", "Tara", "Uma", "Viktor", "Wanjiru", "Ximena", "Yusuf", "Zoë", "Łukasz",
)  # fmt: skip
LAST_NAMES = (
    "Test", "Sample", "Example", "Placeholder", "Demo", "Specimen", "Muster", "Prueba", "Exemplo", "Essai", "Prova",
)  # fmt: skip
CITIES = ("London", "Lagos", "Lisbon", "Lima", "Lahore", "Leeds")
# Which of how many have an address that the sandbox lets bounce, complain, or bounce for now (its resend/magic.py).
ODD = (("bounced", 100, 17), ("complained", 300, 59), ("soft", 150, 83))
TAGS = ("regulars", "newsletter", "tasting", "wholesale")


@dataclass(frozen=True)
class Person:
    """Somebody who does not exist."""

    phone: str
    first_name: str
    last_name: str
    email: str
    city: str
    tag: str


def people(count: int, skip: int = 0) -> Iterator[Person]:
    """The same made-up people each time, in the same order; at most some 3,100."""
    yield from islice(_all(), skip, skip + count)


def _all() -> Iterator[Person]:
    numbers = (f"+1{area}5550{line}" for line in LINES for area in AREA_CODES)
    parts = zip(cycle(FIRST_NAMES), cycle(LAST_NAMES), cycle(CITIES), cycle(TAGS), strict=False)
    for position, (phone, (first, last, city, tag)) in enumerate(zip(numbers, parts, strict=False), 1):
        yield Person(phone, first, last, _address(position), city, tag)


def _address(position: int) -> str:
    odd = next((f"{word}." for word, every, place in ODD if position % every == place), "")
    return f"{odd}person{position}@example.com"

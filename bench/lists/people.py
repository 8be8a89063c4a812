"""A list of people as companies have them: 20 countries, 16 spellings, 3 % bad numbers, 5 % of people twice."""

import random
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import uuid_utils

BAD, TWICE = 0.03, 0.05
DEFAULT_COUNTRY = "GB"
HEADER = ("Mobile", "First name", "Last name", "E-mail", "Country", "Language", "Tags", "City", "Customer number")


class Country(NamedTuple):
    """Its code, name and calling code, what is dialled before a national number, and what its mobile ones begin with.

    All six digits after `begins` are in use.
    """

    code: str
    name: str
    calling: str
    trunk: str
    begins: str


COUNTRIES = (
    Country("US", "United States", "1", "", "2015"),
    Country("GB", "United Kingdom", "44", "0", "7400"),
    Country("DE", "Germany", "49", "0", "15123"),
    Country("FR", "France", "33", "0", "612"),
    Country("ES", "Spain", "34", "", "612"),
    Country("IT", "Italy", "39", "", "3123"),
    Country("NL", "Netherlands", "31", "0", "612"),
    Country("BR", "Brazil", "55", "0", "11961"),
    Country("MX", "Mexico", "52", "", "2221"),
    Country("IN", "India", "91", "0", "8123"),
    Country("ID", "Indonesia", "62", "0", "812"),
    Country("ZA", "South Africa", "27", "0", "711"),
    Country("NG", "Nigeria", "234", "0", "8021"),
    Country("KE", "Kenya", "254", "0", "712"),
    Country("TR", "Turkey", "90", "0", "5012"),
    Country("PL", "Poland", "48", "", "512"),
    Country("PT", "Portugal", "351", "", "912"),
    Country("CO", "Colombia", "57", "", "3211"),
    Country("PH", "Philippines", "63", "0", "9051"),
    Country("AE", "United Arab Emirates", "971", "0", "501"),
)


class Person(NamedTuple):
    """Somebody, as the database should have them."""

    phone: str
    first_name: str
    last_name: str
    email: str
    country: Country
    language: str
    city: str
    number: int

    @property
    def national(self) -> str:
        """The national digits."""
        return self.phone[1 + len(self.country.calling) :]


def _in_groups(digits: str, between: str) -> str:
    return between.join((digits[:3], digits[3:6], digits[6:]))


def _dialled(person: Person, between: str) -> str:
    return _in_groups(person.country.trunk + person.national, between)


SPELLINGS: tuple[Callable[[Person], str], ...] = (
    lambda person: person.phone,
    lambda person: f"+{person.country.calling} {_in_groups(person.national, ' ')}",
    lambda person: f"+{person.country.calling}-{_in_groups(person.national, '-')}",
    lambda person: f"+{person.country.calling} ({person.national[:3]}) {person.national[3:]}",
    lambda person: f"+{person.country.calling}\xa0{_in_groups(person.national, chr(0xA0))}",
    lambda person: "00" + person.phone[1:],
    lambda person: f"00 {person.country.calling} {_in_groups(person.national, ' ')}",
    lambda person: person.phone[1:],
    lambda person: person.country.trunk + person.national,
    lambda person: _dialled(person, " "),
    lambda person: _dialled(person, "-"),
    lambda person: _dialled(person, "."),
    lambda person: f"({person.country.trunk}{person.national[:3]}) {person.national[3:]}",
    lambda person: person.national + ".0",
    lambda person: f"tel:{person.phone}",
    lambda person: person.phone.translate({48 + digit: 0xFF10 + digit for digit in range(10)}),
)
INTERNATIONAL = 8  # so many of the spellings need no country
SLIPS: tuple[Callable[[str], str], ...] = (
    lambda digits: digits[:5],
    lambda digits: digits + "99999",
    lambda digits: f"{digits[0]}.{digits[1:3]}E+11",
    lambda digits: f"{digits} or {digits[::-1]}",
    lambda digits: "call " + digits[-4:] + " Ann",
    lambda digits: "n/a",
)
FIRST = (
    "Ana",
    "Ben",
    "Chloé",
    "Dmitri",
    "Emre",
    "Fatima",
    "Giulia",
    "Hans",
    "Ines",
    "João",
    "Kwame",
    "Lena",
    "María",
    "Nguyễn",
    "Olu",
    "Priya",
    "Ravi",
    "Sofia",
)
LAST = (
    "Silva",
    "Müller",
    "O'Neill",
    "García",
    "van-Dijk",
    "Kowalska",
    "Rossi",
    "Okafor",
    "Yılmaz",
    "Sharma",
    "Santos",
    "Dubois",
    "Haddad",
    "Reyes",
)
CITIES = (
    "Berlin",
    "Lagos",
    "London",
    "Lyon",
    "Madrid",
    "Manila",
    "Milano",
    "Mumbai",
    "Nairobi",
    "Porto",
    "Recife",
    "Utrecht",
)
TAGS = ("", "", "newsletter", "vip", "newsletter, vip", "spring 2026")


def person(place: int) -> Person:
    """Always the same one at the same place, with a number that nobody else has; up to 20 million."""
    country = COUNTRIES[place % len(COUNTRIES)]
    digits = f"{place // len(COUNTRIES) * 7919 % 1_000_000:06}"
    first, last = FIRST[place % len(FIRST)], LAST[place % len(LAST)]
    return Person(
        f"+{country.calling}{country.begins}{digits}",
        first,
        last,
        f"{country.code.lower()}{place}@Shop-{place % 97}.example.com",
        country,
        ("en", "de", "pt_BR")[place % 3],
        CITIES[place % len(CITIES)],
        place,
    )


def contact(place: int) -> dict[str, object]:
    """The contact at this place, as a row of a table like ours."""
    one, now = person(place), datetime.now(UTC)
    return {
        "id": uuid.UUID(int=uuid_utils.uuid7().int),
        "phone": one.phone,
        "person_key": one.phone,
        "name": f"{one.first_name} {one.last_name}",
        "first_name": one.first_name,
        "last_name": one.last_name,
        "email": one.email.lower(),
        "language": one.language,
        "country": one.country.code,
        "attributes": {"city": one.city, "customer_number": f"C-{one.number}"},
        "created_at": now,
        "updated_at": now,
    }


def rows(count: int) -> Iterator[list[str]]:
    """So many rows of a file, without its header."""
    chance = random.Random(count)
    for place in range(count):
        one = person(chance.randrange(place) if place and chance.random() < TWICE else place)
        yield _row(one, chance)


def _row(one: Person, chance: random.Random) -> list[str]:
    spelling = chance.randrange(len(SPELLINGS))
    phone = SPELLINGS[spelling](one)
    if chance.random() < BAD:
        phone = chance.choice(SLIPS)(one.national)
    named = "" if spelling < INTERNATIONAL and chance.random() < 0.5 else chance.choice(one.country[:2])
    tags = chance.choice(TAGS)
    return [phone, one.first_name, one.last_name, one.email, named, one.language, tags, one.city, f"C-{one.number}"]

"""Which country the numbers of a file are from, if they do not say so themselves.

A default country that is wrong makes strangers of people: 15123456789 is a number in Germany, and one in Texas. So it
is proposed from what the file tells (numbers with a +, a country column, the language of its header, the ends of
its e-mail addresses), and from where its numbers are valid as mobile numbers. If two countries fit, a person decides.
"""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import phonenumbers
from phonenumbers import PhoneNumberType

from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.numbers import NumberReader
from adsapp.contacts.values.countries import countries, country_code
from adsapp.contacts.values.phones import Phone, Rejection
from adsapp.contacts.values.text import folded

Rows = Sequence[Sequence[str]]
ROWS_LOOKED_AT = 100
MOST_CANDIDATES = 8
ALIKE = 0.9  # a country in which so large a share of the best one's numbers is valid fits as well
# How much each sign says, for a file in which all rows have it.
PLUS, COUNTRY_COLUMN, MAIL, HEADER, OWN = 3.0, 2.0, 1.5, 1.0, 0.5
_MOBILE = (PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE_OR_MOBILE)
_ENDING = re.compile(r"@\S+\.([A-Za-z]{2})\s*$")

# Words that a header has in one language only, and where that language is spoken, the likeliest first.
_LANGUAGES = {
    "German": (
        "DE AT CH",
        "vorname nachname telefon telefonnummer handy handynummer rufnummer mobilnummer anrede straße plz ort kunde "
        "sprache geburtstag geburtsdatum land firma notiz",
    ),
    "Spanish": (
        "ES MX AR CO CL PE EC",
        "nombre apellido apellidos teléfono móvil celular correo ciudad país idioma dirección fecha empresa cliente",
    ),
    "Portuguese": (
        "BR PT",
        "nome sobrenome apelido telefone telemóvel celular fone cidade país endereço empresa cliente idioma",
    ),
    "French": (
        "FR BE CH MA SN CI",
        "nom prénom téléphone portable courriel mél ville pays adresse langue société client",
    ),
    "Italian": ("IT", "nome cognome telefono cellulare città paese lingua indirizzo azienda cliente"),
    "Dutch": ("NL BE", "naam voornaam achternaam telefoon telefoonnummer mobiel plaats straat taal land klant bedrijf"),
    "Indonesian": ("ID", "nama telepon telp hp ponsel kota negara alamat bahasa perusahaan"),
    "Turkish": ("TR", "isim ad soyad adı soyadı cep telefon şehir ülke adres dil"),
    "Polish": ("PL", "imię nazwisko telefon komórka miasto kraj adres język firma"),
    "Russian": ("RU KZ", "имя фамилия фио телефон номер город страна адрес язык"),
    "Hindi": ("IN", "नाम फ़ोन फोन मोबाइल शहर देश भाषा"),
    "Arabic": ("SA AE EG MA", "الاسم اسم هاتف الهاتف جوال الجوال المدينة البلد اللغة"),
    "Chinese": ("CN", "姓名 手机 手机号 电话 城市 国家"),
    "Japanese": ("JP", "氏名 名前 電話番号 市 国"),
    "Korean": ("KR", "이름 전화번호 도시 국가"),
}
_WORDS = {language: frozenset(map(folded, words.split())) for language, (_, words) in _LANGUAGES.items()}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A country as default: of how many numbers it would be the country, and how many of them are mobile there.

    `example` is one of them, as written and as stored.
    """

    country: str
    numbers: int
    mobiles: int
    example: tuple[str, str] = ("", "")


@dataclass(frozen=True, slots=True)
class Proposal:
    """The country that is likeliest, why, and the others that fit as well.

    `needed`: how many different numbers without a country of their own were looked at; 0: it does not matter.
    """

    best: Candidate
    why: str = ""
    needed: int = 0
    rivals: tuple[Candidate, ...] = ()

    @property
    def is_open(self) -> bool:
        """True if a person has to choose: another country makes other numbers of these, as plausible ones."""
        return bool(self.rivals)

    @property
    def likely(self) -> str:
        """The country to begin with; none if a person has to choose."""
        return "" if self.is_open else self.best.country

    def allows(self, country: str) -> bool:
        """True if numbers without a country of their own may be from this one: they fit in it, or they fit nowhere."""
        return not self.best.mobiles or country in {each.country for each in (self.best, *self.rivals)}


@dataclass(slots=True)
class _Evidence:
    """What speaks for each country, and in which words."""

    weights: dict[str, float] = field(default_factory=dict)
    words: dict[str, list[str]] = field(default_factory=dict)

    def count(self, signs: Iterable[str | None], weight: float, words: str) -> None:
        """Countries that rows speak of, each once for a row; None for a row that says nothing."""
        counted = Counter(each for each in signs if each in countries())
        for country, rows in counted.items():
            self.add(country, weight * rows / counted.total(), words.format(rows=rows, ending=_ending(country)))

    def add(self, country: str, weight: float, words: str) -> None:
        """Something that speaks for one country."""
        self.weights[country] = self.weights.get(country, 0.0) + weight
        self.words.setdefault(country, []).append(words)


def propose_country(rows: Rows, mapping: Mapping, own: str, beside: Rows = ()) -> Proposal:
    """The likeliest country of the numbers in these rows that name none. `own` is the organization's, or "". What the
    rows `beside` say of countries counts, too.

    The mapping must be valid; about 50 ms for ROWS_LOOKED_AT rows.
    """
    cells = _whole(rows[:ROWS_LOOKED_AT], mapping)
    bare = _bare(cells, mapping)
    evidence = _evidence([*cells, *_whole(beside, mapping)], mapping, own)
    if not bare:
        return Proposal(Candidate(own, 0, 0))
    needed = len({cells[_phone(mapping)] for cells in bare})
    candidates = sorted(evidence.weights, key=lambda each: -evidence.weights[each])[:MOST_CANDIDATES]
    stored = {country: _stored(bare, mapping, country) for country in candidates}
    found = {country: _candidate(country, numbers) for country, numbers in stored.items()}
    most = max((each.mobiles for each in found.values()), default=0)
    fitting = [each for each in found.values() if most and each.mobiles >= ALIKE * most]
    if not fitting:
        return Proposal(Candidate(own, 0, 0), needed=needed)
    best = max(fitting, key=lambda each: evidence.weights[each.country])
    rivals = tuple(each for each in fitting if _differ(stored[best.country], stored[each.country]))
    return Proposal(best, _why(best, evidence), needed, rivals)


Stored = dict[str, Phone]  # by the number as written


def _whole(rows: Rows, mapping: Mapping) -> list[list[str]]:
    """The rows, each as wide as the header."""
    width = len(mapping.header)
    return [[*row[:width], *[""] * (width - len(row))] for row in rows]


def _bare(rows: Iterable[list[str]], mapping: Mapping) -> list[list[str]]:
    """Rows whose number has no country of its own."""
    read = NumberReader(mapping, _phone(mapping), None)
    return [cells for cells in rows if _depends(read(cells).phone)]


def _depends(phone: Phone | Rejection) -> bool:
    return phone.code == "no_country" if isinstance(phone, Rejection) else phone.assumed == "lost plus"


def _phone(mapping: Mapping) -> int:
    index = mapping.index_of("phone")
    if index is None:
        raise ValueError("the mapping has no phone column; validate it first")
    return index


def _stored(rows: Iterable[list[str]], mapping: Mapping, country: str) -> Stored:
    """What the numbers become with this default country, those that it makes valid."""
    index = _phone(mapping)
    read = NumberReader(mapping, index, country)
    found = {cells[index]: read(cells).phone for cells in rows}
    return {cell: phone for cell, phone in found.items() if isinstance(phone, Phone) and phone.assumed == "country"}


def _candidate(country: str, stored: Stored) -> Candidate:
    mobiles = [cell for cell, phone in stored.items() if _may_be_mobile(phone.e164)]
    example = next(((cell, stored[cell].e164) for cell in mobiles), ("", ""))
    return Candidate(country, len(stored), len(mobiles), example)


def _may_be_mobile(e164: str) -> bool:
    return phonenumbers.number_type(phonenumbers.parse(e164)) in _MOBILE


def _differ(one: Stored, other: Stored) -> bool:
    """True if the two make different numbers of one cell; the United States and Canada do not."""
    return any(one[cell].e164 != other[cell].e164 for cell in one.keys() & other.keys())


def _evidence(rows: Sequence[list[str]], mapping: Mapping, own: str) -> _Evidence:
    evidence = _Evidence()
    read = NumberReader(mapping, _phone(mapping), None)
    phones = (read(cells).phone for cells in rows)
    spelled = (phone.region for phone in phones if isinstance(phone, Phone) and phone.assumed != "lost plus")
    evidence.count(spelled, PLUS, "{rows:,} numbers have its calling code")
    if (column := mapping.index_of("country")) is not None:
        evidence.count((country_code(cells[column]) for cells in rows), COUNTRY_COLUMN, "{rows:,} rows name it")
    endings = (_ENDING.search(cell) for cells in rows for cell in cells)
    ended = (_country_of(found[1]) for found in endings if found)
    evidence.count(ended, MAIL, "{rows:,} e-mail addresses end with .{ending}")
    language, spoken_in = _language(mapping.header)
    for place, country in enumerate(spoken_in):
        evidence.add(country, HEADER * (1 - place / 20), f"the columns have {language} names")
    if own:
        evidence.add(own, OWN, "it is your organization’s")
    return evidence


def _ending(country: str) -> str:
    return "uk" if country == "GB" else country.lower()


def _country_of(ending: str) -> str:
    return "GB" if ending.lower() == "uk" else ending.upper()


def _language(header: Sequence[str]) -> tuple[str, list[str]]:
    """The language of the column names, and where it is spoken."""
    names = {folded(word) for name in header for word in (name, *re.split(r"[\s_\-/.]+", name)) if word}
    found = {language: len(names & words) for language, words in _WORDS.items()}
    best = max(found, key=lambda language: found[language])
    return (best, _LANGUAGES[best][0].split()) if found[best] else ("", [])


def _why(best: Candidate, evidence: _Evidence) -> str:
    signs = evidence.words[best.country]
    return f"{best.mobiles:,} of the numbers without a country code would be mobile numbers there; {', '.join(signs)}."

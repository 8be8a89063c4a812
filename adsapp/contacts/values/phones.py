"""Reads one phone number from one cell, or says why there is none.

libphonenumber alone is too lenient for lists: it reads '2025550130;2025550131' as a number with an extension and
'+1 202 FLOWERS' as digits, so that messages would go to strangers. Cells are therefore cleaned and checked here first,
and libphonenumber only sees what is a single plain number. `Phone.assumed` names the assumption that was made.
"""

import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import ValidationResult

from adsapp.contacts.values.fast_phones import may_be_longer, may_be_mobile, sure_number
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.contacts.values.text import plain

# phonenumbers compiles its patterns for each number and relies on re's cache, which is too small for lists of many
# countries: 7.6 times slower. The name is private, so its absence must do no harm (a test would tell us).
if hasattr(re, "_MAXCACHE"):
    setattr(re, "_MAXCACHE", max(re._MAXCACHE, 20_000))  # noqa: B010 - mypy knows no such attribute


class Phone(NamedTuple):
    """A valid number: E.164, its ISO region ('' for +800 and the like), the extension ('' for none), what was assumed.

    `assumed` is a code of MESSAGES: 'country' (the default one), 'lost plus', '00 prefix', 'old form'; or None.
    """

    e164: str
    region: str
    extension: str = ""
    assumed: str | None = None


class Rejection(NamedTuple):
    """Why a cell is not a phone number: a code of MESSAGES, a sentence for people, and what to do."""

    code: str
    message: str
    suggestion: str


def reject(code: str, detail: str = "") -> Rejection:
    """The Rejection for a code; `detail` is added to its title."""
    title, advice = MESSAGES[code]
    return Rejection(code, f"{title}{': ' + detail if detail else ''}.", advice)


_PLAIN = re.compile(r"\+?[0-9]{7,15}")
# The same with blanks and signs between digits: what all checks below would let through as one number.
_GROUPED = re.compile(r"\+?\(?[0-9](?:[ ().\-]*[0-9]){6,14}")
_FORMULA_TEXT = re.compile(r'="(.*)"')
_LABEL = re.compile(r"(?:tel|phone|mobile|whatsapp|wa)\s*[:.]\s*", re.IGNORECASE)
# As their letters are, without blanks and signs, in the languages of our users.
_NONE_WORDS = """
    na none null nil nan unknown no x 0 tbd empty nophone nonumber notavailable nothing missing
    keine kein keins keiner nein nichts fehlt unbekannt keinenummer keintelefon keinhandy
    aucun aucune non néant neant rien inconnu pasdenuméro pasdenumero sansnuméro sansnumero
    ninguno ninguna nada desconocido sinnúmero sinnumero sinteléfono sintelefono notiene
    nenhum nenhuma não nao desconhecido semnúmero semnumero semtelefone nãotem naotem
    nessuno nessuna niente sconosciuto senzanumero geen nee onbekend geennummer brak brakdanych
    ingen inget okänd ukendt yok bilinmiyor нет неизвестно tidakada kosong नहीं لايوجد κανένα όχι 无 没有 なし 없음
"""
_NOTHING = frozenset(_NONE_WORDS.split())
_SCIENTIFIC = re.compile(r"[+-]?[0-9]+(?:[.,][0-9]*)?e[+-]?[0-9]+", re.IGNORECASE)
_FLOAT = re.compile(r"(\+?[0-9]{6,})[.,]0+")
_EXTENSION = re.compile(
    r"(?<=[0-9)\s])\s*(?:;\s*ext\s*=|[,;]?\s*(?:extension|extn?|ramal|anexo|poste|int|x)\b[\s.:]*|#\s*|x)([0-9]{1,7})$",
    re.IGNORECASE,
)
_BETWEEN_NUMBERS = re.compile(r"[;,|&\n]|:::|//")
_WORD_OR_SLASH = re.compile(r"/|\b(?:or|and|y|e|o|ou|und|oder|et|en|dan)\b", re.IGNORECASE)
_ONE_NUMBER = re.compile(r"\+?[0-9 ().\-/]+")


def normalise_phone(cell: str, default_country: str | None, country: str | None = None) -> Phone | Rejection:
    """The number in the cell. Countries are ISO codes; `country`, from the row itself, is used before the default.

    A blank `country` counts as none. Numbers that begin with + need neither.
    """
    if _PLAIN.fullmatch(cell) or (_GROUPED.fullmatch(cell) and not _FLOAT.fullmatch(cell)):
        return _resolve(cell, "", default_country, country)  # `_clean` would change nothing
    text = _clean(cell)
    if _GROUPED.fullmatch(text):
        return _resolve(text, "", default_country, country)
    rejection = _not_one_number(text)
    if rejection:
        return rejection
    base, extension = _without_extension(text)
    rejection = _not_digits(base)
    if rejection:
        return rejection
    return _resolve(base, extension, default_country, country)


def _clean(cell: str) -> str:
    text = plain(cell)
    wrapped = _FORMULA_TEXT.fullmatch(text)
    text = (wrapped[1] if wrapped else text).lstrip("'`’‘\"").rstrip("'\"").strip()
    label = _LABEL.match(text)
    text = text[label.end() :] if label else text
    whole = _FLOAT.fullmatch(text)
    text = whole[1] if whole else text
    return "+" + text.lstrip("+ ") if text.startswith("+") else text


def _not_one_number(text: str) -> Rejection | None:
    word = "".join(filter(str.isalnum, text)).lower()
    if not word:
        return reject("no_phone")
    if word in _NOTHING:
        return reject("says_none", text)
    if _SCIENTIFIC.fullmatch(text):
        return reject("scientific_notation")
    if not any(map(str.isdecimal, text)):
        return reject("text_instead", text[:40])
    parts = re.split(rf"{_BETWEEN_NUMBERS.pattern}|{_WORD_OR_SLASH.pattern}", text, flags=re.IGNORECASE)
    long_ones = sum(_digits(part) >= 7 for part in parts)
    if long_ones > 1 or text.count("+") > 1:
        return reject("two_numbers")
    return None


def _digits(text: str) -> int:
    return sum(map(str.isdecimal, text))


def _without_extension(text: str) -> tuple[str, str]:
    found = _EXTENSION.search(text)
    if found is None or _digits(text[: found.start()]) < 7:
        return text, ""
    return text[: found.start()].strip(), found[1]


def _not_digits(base: str) -> Rejection | None:
    letters = "".join(filter(str.isalpha, base))
    if letters:
        alike = ", perhaps the letter O for a zero or l for a one" if set(letters) <= set("OolI") else ""
        return reject("letters", letters + alike)
    if _BETWEEN_NUMBERS.search(base):
        return reject("two_numbers")
    if not _ONE_NUMBER.fullmatch(base):
        return reject("odd_characters")
    return None


def _resolve(text: str, extension: str, default_country: str | None, country: str | None) -> Phone | Rejection:
    """Try the interpretations in order and take the first valid one: with its +, 00 as +, national, with a lost +."""
    if text.startswith("+"):
        return _read(text, None, extension, None)
    region = country or default_country
    if text.startswith("00"):
        abroad = _read("+" + text[2:], None, extension, "00 prefix")
        if isinstance(abroad, Phone) or region is None:
            return abroad
    result = _read(text, region, extension, None if country else "country") if region else reject("no_country")
    if isinstance(result, Phone):
        return _weighed(text, result, extension, told=country is not None)
    return _with_lost_plus(text, region, extension) or result


# Spreadsheets drop the plus only if nothing but digits follows it; and country code and number together have at least
# ten digits in all but the smallest countries.
_MAY_LACK_PLUS = re.compile(r"[1-9][0-9 ]{9,}")


def _may_lack_plus(text: str) -> bool:
    return _MAY_LACK_PLUS.fullmatch(text) is not None and _digits(text) >= 10


def _weighed(text: str, national: Phone, extension: str, *, told: bool) -> Phone | Rejection:
    """Where numbers are of many lengths, bare digits may be a fixed line at home that lost its 0, and as well a number
    with its calling code that lost its +: 491755678902 in Germany. Taken for the wrong one a message goes to a
    stranger. A mobile number at home is just that, and so is what was dialled with a prefix, or is as long as the
    longest fixed lines. A mobile number of the same country by the other reading is the likelier by far. Another
    country's (unless the row has `told` its own), or a number at home that is no mobile one or lacks a digit, nobody
    can tell."""
    digits = text.replace(" ", "")
    if not _may_lack_plus(text) or may_be_mobile(national.e164, national.region):
        return national
    if national.e164 == f"+{digits}" or not national.e164.endswith(digits):
        return national
    is_home = digits.startswith(str(phonenumbers.country_code_for_region(national.region)))
    if not is_home and (told or not may_be_longer(len(digits), national.region)):
        return national
    other = _read("+" + digits, None, extension, "lost plus")
    if not isinstance(other, Phone):
        return _unclear(digits, national) if is_home and _has_length_of_mobile(digits) else national
    is_mobile = may_be_mobile(other.e164, other.region)
    if is_mobile and is_home:
        return other
    return _unclear(digits, national) if is_mobile or is_home else national


def _unclear(digits: str, national: Phone) -> Rejection:
    return reject("two_readings", f"+{digits} or {national.e164}")


def _has_length_of_mobile(digits: str) -> bool:
    """Whether a mobile number of the calling code with which these begin may be as long."""
    number = phonenumbers.parse("+" + digits, None)
    found = phonenumbers.is_possible_number_for_type_with_reason(number, phonenumbers.PhoneNumberType.MOBILE)
    is_possible: bool = found == ValidationResult.IS_POSSIBLE
    return is_possible


def _with_lost_plus(text: str, region: str | None, extension: str) -> Phone | None:
    """The bare digits as an international number, unless they could be a national number with a typing error."""
    if not _may_lack_plus(text) or _as_long_as_mobile(text, region):
        return None
    other = _read("+" + text, None, extension, "lost plus")
    return other if isinstance(other, Phone) else None


def _as_long_as_mobile(text: str, region: str | None) -> bool:
    if region is None:
        return False
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_possible_number_for_type(number, phonenumbers.PhoneNumberType.MOBILE)


def _read(text: str, region: str | None, extension: str, assumed: str | None) -> Phone | Rejection:
    sure = sure_number(text, region)
    return Phone(*sure, extension, assumed) if sure else _read_slowly(text, region, extension, assumed)


def _read_slowly(text: str, region: str | None, extension: str, assumed: str | None) -> Phone | Rejection:
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        return _unparsable(error)
    found = phonenumbers.region_code_for_number(number)
    if found is None or not phonenumbers.is_valid_number_for_region(number, found):
        return _current_form(number, extension) or _invalid(number)
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return Phone(e164, found if found in phonenumbers.SUPPORTED_REGIONS else "", extension, assumed)


def _unparsable(error: phonenumbers.NumberParseException) -> Rejection:
    codes = {
        phonenumbers.NumberParseException.INVALID_COUNTRY_CODE: "bad_country_code",
        phonenumbers.NumberParseException.TOO_LONG: "too_long",
    }
    return reject(codes.get(error.error_type, "too_short"))


def _invalid(number: phonenumbers.PhoneNumber) -> Rejection:
    codes = {
        ValidationResult.TOO_SHORT: "too_short",
        ValidationResult.INVALID_LENGTH: "too_short",
        ValidationResult.TOO_LONG: "too_long",
        ValidationResult.INVALID_COUNTRY_CODE: "bad_country_code",
        ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "no_area_code",
    }
    return reject(codes.get(phonenumbers.is_possible_number_with_reason(number), "not_in_use"))


_MEXICO_WITH_ONE = re.compile(r"\+521([0-9]{10})")
_BRAZIL_WITHOUT_NINE = re.compile(r"\+55([1-9][0-9])([6-9][0-9]{7})")
_ARGENTINA_MOBILE = re.compile(r"\+549([0-9]{10})")


def _current_form(number: phonenumbers.PhoneNumber, extension: str) -> Phone | None:
    """Mexican mobiles lost a 1 (2019) and Brazilian ones gained a 9 (2016); old lists still have the old form."""
    e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    today = person_key(e164)
    if today == e164:
        return None
    result = _read(today, None, extension, "old form")
    return result if isinstance(result, Phone) else None


def person_key(e164: str) -> str:
    """One key for all numbers by which WhatsApp knows the same person; for comparing, not for sending.

    Brazil with and without the ninth digit, Mexico +52 and +521, Argentina +54 and +549 count as one.
    """
    if e164.startswith("+55"):
        return _BRAZIL_WITHOUT_NINE.sub(r"+55\g<1>9\2", e164) if len(e164) == 13 else e164
    if e164.startswith("+521"):
        return _MEXICO_WITH_ONE.sub(r"+52\1", e164) if len(e164) == 14 else e164
    if e164.startswith("+549"):
        return _ARGENTINA_MOBILE.sub(r"+54\1", e164) if len(e164) == 14 else e164
    return e164

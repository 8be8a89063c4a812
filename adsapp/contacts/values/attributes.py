"""The fields every contact has, and the keys of the attributes that an organization adds to them.

A key comes from a name alone, never from the place of a column: what has the same name in two files is the same thing.
"""

import hashlib
import unicodedata
from collections.abc import Iterator, Sequence

from adsapp.contacts.values.text import name_key, signs, slug

TARGETS: dict[str, str] = {
    "phone": "Phone number",
    "calling_code": "Calling code",
    "first_name": "First name",
    "last_name": "Last name",
    "name": "Whole name",
    "email": "E-mail",
    "country": "Country",
    "tags": "Tags",
    "language": "Language",
    "opt_in": "Consent (yes or no)",
    "opted_out": "Opted out (yes or no)",
}
MAX_KEY = 40
KEY_RULE = f"up to {MAX_KEY} small letters of any script, digits and _, first a letter"
_DIGEST = 8
_AT_THE_END = {"+": "plus", "-": "minus", "\u2212": "minus"}


EXTENSION = "phone_extension"


def with_extension(attributes: dict[str, str], extension: str) -> dict[str, str]:
    """What is dialled behind a number is no part of it, and kept here; what somebody wrote under that key stays."""
    return {EXTENSION: extension, **attributes} if extension else attributes


def is_attribute_key(key: str) -> bool:
    """True for small letters, digits and _, beginning with a letter; never the name of a field."""
    return slug(key) == key and key[:1].isalpha() and len(key) <= MAX_KEY and key not in TARGETS


def attribute_key(name: str) -> str:
    """The key for a name as a person wrote it; '' if it has neither letter nor digit."""
    base = typed_key(name)
    return _fitting(base) if base else ""


def typed_key(name: str) -> str:
    """The same for a name that somebody gave to an attribute; it may be no key, which is for them to hear."""
    base = slug(name)
    return "_".join((base, *reversed([*_ending_signs(name)]))) if base else ""


def attribute_keys(names: Sequence[str]) -> list[str]:
    """The keys for the names of one file, none twice, but '' for names without any.

    Names that differ by a sign only get their signs in words, whatever their order; the same name again gets a number.
    """
    keys = [attribute_key(name) for name in names]
    identities: dict[str, set[str]] = {}
    for key, name in zip(keys, names, strict=True):
        identities.setdefault(key, set()).add(name_key(name))
    taken: set[str] = set()
    return [
        _free(_with_signs(key, name) if len(identities[key]) > 1 else key, taken) if key else ""
        for key, name in zip(keys, names, strict=True)
    ]


def _ending_signs(name: str) -> Iterator[str]:
    """Plus and minus at the end of a name, last first: they set A+ apart from A-."""
    for char in reversed(name.rstrip()):
        if char not in _AT_THE_END:
            return
        yield _AT_THE_END[char]


def _with_signs(key: str, name: str) -> str:
    words = (slug(unicodedata.name(char, "")) for char in signs(name.rstrip("".join(_AT_THE_END))))
    return _fitting("_".join((key, *filter(None, words))))


def _fitting(key: str) -> str:
    """The key, changed so that it begins with a letter, is no field's name and is short enough."""
    key = key if key[0].isalpha() else f"field_{key}"
    key = f"{key}_2" if key in TARGETS else key
    if len(key) <= MAX_KEY:
        return key
    # What is cut off sets names apart as well as what is kept.
    digest = hashlib.sha256(key.encode()).hexdigest()[:_DIGEST]
    return slug(f"{key[: MAX_KEY - _DIGEST - 1]}_{digest}")


def _free(key: str, taken: set[str]) -> str:
    free, number = key, 2
    while free in taken:
        free, number = f"{key[: MAX_KEY - 4]}_{number}", number + 1
    taken.add(free)
    return free

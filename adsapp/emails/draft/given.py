"""Recipients that are given by their addresses: each an entry with one address and its own values."""

from collections.abc import Iterator, Mapping, Sequence
from email.utils import getaddresses
from typing import Any, Final

from adsapp.contacts.values.emails import normalise_email, why_not_valid
from adsapp.core.errors import FieldError, Invalid
from adsapp.emails.content.rendering import EmailContent, Filler
from adsapp.emails.draft.asked import Given

MOST: Final = 10_000
MOST_TOLD: Final = 100  # mistakes of one request
LONGEST: Final = 320
KEYS: Final = ("email", "name", "variables")
LONGEST_VALUE: Final = 10_000


def names_of(entries: Sequence[Mapping[str, Any]]) -> set[str]:
    """The placeholders that any of the entries has a value for."""
    variables = (each.get("variables") for each in entries)
    return {str(name) for each in variables if isinstance(each, Mapping) for name in each}


def read_given(entries: Sequence[Mapping[str, Any]], content: EmailContent) -> tuple[Given, ...]:
    """Whom it goes to, each address once; raises Invalid with what is wrong, each at its place."""
    if not entries:
        raise Invalid.field("recipients", "Nobody is in it: give one address at least")
    if len(entries) > MOST:
        raise Invalid.field(
            "recipients", f"{len(entries):,} addresses are too many ({MOST:,} at most); import them and use a tag"
        )
    filler, found, errors = Filler(content), dict[str, Given](), list[FieldError]()
    for place, entry in enumerate(entries):
        wrong = list(_mistakes(f"recipients[{place}]", entry))
        if not wrong:
            given = _given(entry, filler)
            wrong = list(_lacks(f"recipients[{place}]", given, content))
            found.setdefault(given.key, given)
        errors += wrong
    if errors:
        raise Invalid("; ".join(error.message for error in errors[:10]), fields=errors[:MOST_TOLD])
    return tuple(found.values())


def _mistakes(where: str, entry: Mapping[str, Any]) -> Iterator[FieldError]:
    odd = sorted(str(name) for name in entry if name not in KEYS)
    if odd:
        yield FieldError(f"{where}.{odd[0]}", f"{odd[0]!r} is not known here: use {', '.join(KEYS)}")
    why_not = why_no_address(entry.get("email"))
    if why_not:
        yield FieldError(f"{where}.email", why_not)
    if not isinstance(entry.get("name") or "", str):
        yield FieldError(f"{where}.name", "should be text")
    variables = entry.get("variables") or {}
    if not isinstance(variables, Mapping):
        yield FieldError(f"{where}.variables", 'should be {"placeholder": "value"}')
        return
    for name, value in variables.items():
        if not isinstance(value, str | int | float) or len(str(value)) > LONGEST_VALUE:
            yield FieldError(f"{where}.variables.{name}", f"should be text of at most {LONGEST_VALUE:,} characters")


def why_no_address(text: Any) -> str:
    """Why this is not one e-mail address, "" if it is."""
    if not isinstance(text, str) or not text.strip():
        return "An e-mail address is missing"
    if len([address for _, address in getaddresses([text.replace(";", ",")]) if "@" in address]) > 1:
        return f"“{text[:80]}” are several addresses; give each an entry of its own"
    if len(text) > LONGEST or normalise_email(text) is None:
        why = why_not_valid(text)
        return f"“{text[:80]}” is no e-mail address{': ' if why else ''}{why}"
    return ""


def _given(entry: Mapping[str, Any], filler: Filler) -> Given:
    address = normalise_email(entry["email"])
    assert address is not None
    name = " ".join(str(entry.get("name") or "").split())[:200]
    first, _, last = name.partition(" ")
    person = {
        "name": name,
        "first_name": first,
        "last_name": last,
        "phone": "",
        "email": address.email,
        "language": "",
        "country": "",
        "attributes": {},
    }
    own = {str(key): str(value) for key, value in (entry.get("variables") or {}).items() if str(value).strip()}
    return Given(address.typed, address.email, name, {**filler.fill(person).values, **own})


def _lacks(where: str, given: Given, content: EmailContent) -> Iterator[FieldError]:
    for name in content.variables_used:
        if not given.values.get(name, "").strip():
            todo = "give it under variables, or a fallback for all"
            yield FieldError(f"{where}.variables.{name}", f"{given.address} has no value for “{name}”; {todo}")

"""Columns that seem to say who must not be written to, or where a number is from, and that a mapping does not use.

They are said loudly, on the page and in the API's answer: people who said no must not get in by a column overlooked.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from adsapp.contacts.imports.reading.headers import (
    CONSENT,
    looks_like_consent,
    may_be_calling_code,
    may_be_status,
    target_of,
)
from adsapp.contacts.imports.reading.mapping import ATTRIBUTE, Mapping, propose
from adsapp.contacts.values.consent import consent, is_refusal, may_be_about_consent
from adsapp.contacts.values.countries import calling_code
from adsapp.contacts.values.text import plain

SECOND = "second_column"
_SAYS = {
    "consent_unused": "“{}” seems to say who may be written to, but it is not used: a no in it opts nobody out."
    " Choose “Consent (yes or no)” or “Opted out (yes or no)” for it.",
    "calling_code_unused": "“{}” seems to hold the calling codes of the numbers, but it is not used: numbers without"
    " one are read in the default country. Choose “Calling code” for it.",
}


@dataclass(frozen=True, slots=True)
class Overlooked:
    """A column that was left out, or became an attribute, and why somebody should look at it."""

    index: int
    column: str
    code: str
    message: str


def overlooked(mapping: Mapping, sample: Sequence[Sequence[str]]) -> tuple[Overlooked, ...]:
    """What to say about a mapping before it is used, or after."""
    likely = propose(mapping.header, sample)
    found = []
    for index in unused(mapping):
        name, cells = mapping.header[index], [row[index] for row in sample if index < len(row) and plain(row[index])]
        code = _code(name, cells, likely.targets[index])
        if code:
            found.append(Overlooked(index, name, code, _SAYS[code].format(name)))
    found += [Overlooked(i, mapping.header[i], SECOND, text) for i, text in second_columns(mapping).items()]
    return tuple(sorted(found, key=lambda each: each.index))


def second_columns(mapping: Mapping) -> dict[int, str]:
    """Of columns that feed a field together, what becomes of each but the first; by column."""
    keys = mapping.spare_keys()
    said = {}
    for first, *others in mapping.feeding_one():
        for index in others:
            kept = f"; else it is kept as the attribute {keys[index]}" if index in keys else "; else it is left out"
            said[index] = f"{_called(mapping, index)} counts in rows where {_called(mapping, first)} is blank{kept}."
    return said


def _called(mapping: Mapping, index: int) -> str:
    return f"“{mapping.header[index]}”" if mapping.header[index] else f"column {index + 1}"


def unused(mapping: Mapping) -> list[int]:
    """The columns that become no field of a contact."""
    return [index for index, target in enumerate(mapping.targets) if not target or target.startswith(ATTRIBUTE)]


def unused_consent(mapping: Mapping) -> tuple[int, ...]:
    """Those whose names sound like consent: a row that refuses messages there gets a note."""
    names = mapping.header
    return tuple(i for i in unused(mapping) if looks_like_consent(names[i]) or may_be_status(names[i]))


def _code(name: str, cells: Sequence[str], likely: str | None) -> str:
    if likely in CONSENT or target_of(name) in CONSENT or _seems_consent(name, cells):
        return "consent_unused"
    return "calling_code_unused" if likely == "calling_code" or _seems_calling_code(name, cells) else ""


def _seems_consent(name: str, cells: Sequence[str]) -> bool:
    if looks_like_consent(name):
        return any(consent(cell).is_clear and consent(cell).agrees is not None for cell in cells)
    return any(map(is_refusal, cells)) or (may_be_status(name) and any(map(may_be_about_consent, cells)))


def _seems_calling_code(name: str, cells: Sequence[str]) -> bool:
    return may_be_calling_code(name) and any(map(calling_code, cells))

"""Which column of a file becomes which field of a contact.

A mapping has for each column index one of TARGETS, 'attribute:KEY', or None for a column that is left out. In JSON it
is `{"0": "phone", "2": "attribute:city"}`; people who write it by hand may use column names as keys.
"""

import re
from collections.abc import Collection, Sequence
from collections.abc import Mapping as Dict
from dataclasses import dataclass
from typing import NamedTuple

from adsapp.contacts.imports.reading.headers import CONSENT, may_be_calling_code, may_be_status, target_of
from adsapp.contacts.imports.reading.own import targets_of_export
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.values.attributes import KEY_RULE, TARGETS, attribute_keys, is_attribute_key
from adsapp.contacts.values.consent import says_who_agreed
from adsapp.contacts.values.countries import calling_code
from adsapp.contacts.values.text import folded, name_key, one_line, plain, signs, slug

ATTRIBUTE = "attribute:"
ALL_COUNT = (*CONSENT, "tags")
_PHONE_LIKE = re.compile(r"(?=(?:[^0-9]*[0-9]){7})(?:\+[0-9 ().\-/]+|\(?0?[0-9][0-9 ().\-/]+)")
_WHOLE_CALLING_CODE = re.compile(r"\s*(?:\+|00)\s*[1-9][0-9]{0,2}\s*")


class Problem(NamedTuple):
    """What is wrong with a mapping, and in which column; `columns` are the indexes of those that are meant."""

    place: str
    message: str
    columns: tuple[int, ...] = ()


class InvalidMapping(ValueError):
    """A mapping that does not fit the file; `problems` has everything that is wrong with it."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(f"{problem.place}: {problem.message}" for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Targets by column index, one for each column.

    Several columns may feed one field: in each row the first that is filled counts, and what the others hold there is
    kept as attributes (`of_row`). Of columns of tags or about consent, all count.
    """

    header: tuple[str, ...]
    targets: tuple[str | None, ...]

    def index_of(self, target: str) -> int | None:
        return self.targets.index(target) if target in self.targets else None

    def all_of(self, target: str) -> tuple[int, ...]:
        """The columns of a target of which all count: of two columns about consent, none is forgotten."""
        return tuple(index for index, each in enumerate(self.targets) if each == target)

    def attributes(self) -> dict[str, int]:
        """Attribute keys with their column indexes, in the file's order."""
        found = enumerate(self.targets)
        return {t.removeprefix(ATTRIBUTE): i for i, t in found if t and t.startswith(ATTRIBUTE)}

    def feeding_one(self) -> tuple[tuple[int, ...], ...]:
        """Columns that feed one field together, in the file's order."""
        by_target: dict[str, list[int]] = {}
        for index, target in enumerate(self.targets):
            if target and target not in ALL_COUNT:
                by_target.setdefault(target, []).append(index)
        return tuple(tuple(columns) for columns in by_target.values() if len(columns) > 1)

    def spare_keys(self) -> dict[int, str]:
        """The attributes that hold what a second column of a field has, if the first one is filled; by column."""
        columns = [index for group in self.feeding_one() for index in group[1:]]
        taken = list(self.attributes())
        keys = attribute_keys([*taken, *(self.header[index] for index in columns)])[len(taken) :]
        return {index: key for index, key in zip(columns, keys, strict=True) if key}

    def of_row(self, chosen: Collection[int]) -> "Mapping":
        """The mapping of a row in which these columns feed their fields, one each, and the others are attributes."""
        targets, keys = list(self.targets), self.spare_keys()
        for index in (index for group in self.feeding_one() for index in group if index not in chosen):
            targets[index] = ATTRIBUTE + keys[index] if index in keys else None
        return Mapping(self.header, tuple(targets))

    def validate(self) -> tuple[Problem, ...]:
        """The problems that keep the mapping from being used; empty if there are none."""
        problems = [p for i, t in enumerate(self.targets) if t and (p := self._wrong_target(i, t))]
        if "phone" not in self.targets:
            seen = ", ".join(name or f"(column {i + 1}, no name)" for i, name in enumerate(self.header))
            problems.append(Problem("header", f"No column holds the phone number. Columns seen: {seen}."))
        return tuple(problems)

    def to_json(self) -> dict[str, str]:
        return {str(index): target for index, target in enumerate(self.targets) if target}

    @classmethod
    def stored(cls, data: Dict[str, str], header: Sequence[str]) -> "Mapping":
        """A mapping as `to_json` gave it, by index alone: by name would be ambiguous, as a column may be called 2."""
        return cls(tuple(header), tuple(data.get(str(index)) for index in range(len(header))))

    @classmethod
    def from_json(cls, data: Dict[str, str | None], header: Sequence[str]) -> "Mapping":
        """The mapping that `data` gives for `header`; columns it does not name are left out.

        Keys are column names (case, accents and blanks do not matter) or indexes from 0. Raises InvalidMapping for
        a key that names no column or two; `validate` checks the targets.
        """
        targets: list[str | None] = [None] * len(header)
        problems = []
        for key, target in data.items():
            index = _column(key, header)
            if isinstance(index, Problem):
                problems.append(index)
            else:
                targets[index] = (target or "").strip() or None
        if problems:
            raise InvalidMapping(problems)
        return cls(tuple(header), tuple(targets))

    def _place(self, index: int) -> str:
        return _place(self.header, index)

    def _wrong_target(self, index: int, target: str) -> Problem | None:
        wrong = _wrong_target(self._place(index), target)
        return wrong and wrong._replace(columns=(index,))


def title(target: str) -> str:
    """A target in words: 'Phone number', or the key of an attribute."""
    return TARGETS.get(target, target.removeprefix(ATTRIBUTE))


def propose(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Mapping:
    """The likeliest mapping: by column names, then by what the sample rows look like, otherwise attributes.

    Columns of our own report of rejected rows, and columns without a name, are left out.
    """
    exported = targets_of_export(header)
    if exported is not None and len(set(exported)) == len(exported):
        return Mapping(tuple(header), tuple(exported))
    targets = [_likely(name, _filled(sample, index)) for index, name in enumerate(header)]
    if "phone" not in targets:
        phones = [i for i, target in enumerate(targets) if target is None and _holds_phones(_filled(sample, i))]
        if len(phones) == 1:
            targets[phones[0]] = "phone"
    own = [i for i, name in enumerate(header) if targets[i] is None and _is_own(name)]
    for index, key in zip(own, attribute_keys([header[index] for index in own]), strict=True):
        targets[index] = ATTRIBUTE + key
    return Mapping(tuple(header), tuple(targets))


def _filled(sample: Sequence[Sequence[str]], index: int) -> list[str]:
    return [row[index] for row in sample if index < len(row) and plain(row[index])]


def _is_own(name: str) -> bool:
    return bool(slug(name)) and name not in REPORT_COLUMNS


def _likely(name: str, cells: Sequence[str]) -> str | None:
    """What a column is by its name; if that is not enough, by its name and cells together, or by its cells alone."""
    target = target_of(name)
    if may_be_calling_code(name) and cells and all(map(calling_code, cells)):
        return "calling_code"
    if target or not cells:
        return target
    if all(map(_WHOLE_CALLING_CODE.fullmatch, cells)) and all(map(calling_code, cells)):
        return "calling_code"
    says = list(map(says_who_agreed, cells))
    return "opt_in" if all(says) or (may_be_status(name) and any(says)) else None


def _holds_phones(cells: Sequence[str]) -> bool:
    """True if at least four fifths of the filled cells look like whole phone numbers, not like dates or prices."""
    alike = sum(_looks_like_phone(plain(cell).lstrip("'")) for cell in cells)
    return bool(cells) and alike >= 0.8 * len(cells)


def _looks_like_phone(cell: str) -> bool:
    digits = sum(map(str.isdecimal, cell))
    least = 7 if cell.startswith("+") else 9
    return least <= digits <= 15 and _PHONE_LIKE.fullmatch(cell) is not None


def _wrong_target(place: str, target: str) -> Problem | None:
    if target in TARGETS:
        return None
    if not target.startswith(ATTRIBUTE):
        known = ", ".join(TARGETS)
        return Problem(place, f"{target!r} is not a field of a contact. Fields: {known}, or attribute:KEY.")
    key = target.removeprefix(ATTRIBUTE)
    if key in TARGETS:
        return Problem(place, f"An attribute cannot be called {key!r}, because a contact has a field of that name.")
    if not is_attribute_key(key):
        return Problem(place, f"{key!r} cannot be an attribute's key: {KEY_RULE}.")
    return None


def _column(key: str, header: Sequence[str]) -> int | Problem:
    wanted = one_line(key)
    for same in (
        lambda name: name == wanted,
        lambda name: name_key(name) == name_key(wanted),
        lambda name: bool(folded(wanted)) and folded(name) == folded(wanted) and signs(name) == signs(wanted),
    ):
        found = [index for index, name in enumerate(header) if name and same(name)]
        if len(found) == 1:
            return found[0]
        if found:
            return Problem(f"column {key!r}", f"{len(found)} columns are called so; name it by its index from 0.")
    if wanted.isdecimal() and len(wanted) < 6 and int(wanted) < len(header):
        return int(wanted)
    return Problem(f"column {key!r}", f"The file has no such column. Columns: {', '.join(filter(None, header))}.")


def _place(header: Sequence[str], index: int) -> str:
    return f"column {index + 1} ({header[index]})" if header[index] else f"column {index + 1}"

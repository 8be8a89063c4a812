"""Which column of a file becomes which field of a contact.

A mapping has for each column index one of TARGETS, 'attribute:KEY', or None for a column that is left out. In JSON it
is `{"0": "phone", "2": "attribute:city"}`; people who write it by hand may use column names as keys.
"""

import re
from collections import Counter
from collections.abc import Mapping as Dict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from adsapp.contacts.imports.reading.headers import target_of
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.values.attributes import TARGETS
from adsapp.contacts.values.text import folded, one_line, plain, slug

ATTRIBUTE = "attribute:"
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_PHONE_LIKE = re.compile(r"(?=(?:[^0-9]*[0-9]){7})(?:\+[0-9 ().\-/]+|\(?0?[0-9][0-9 ().\-/]+)")


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
    """Targets by column index, one for each column. `left_out` says of some columns why they are left out."""

    header: tuple[str, ...]
    targets: tuple[str | None, ...]
    left_out: Dict[int, str] = field(default_factory=dict)

    def index_of(self, target: str) -> int | None:
        return self.targets.index(target) if target in self.targets else None

    def attributes(self) -> dict[str, int]:
        """Attribute keys with their column indexes, in the file's order."""
        found = enumerate(self.targets)
        return {t.removeprefix(ATTRIBUTE): i for i, t in found if t and t.startswith(ATTRIBUTE)}

    def validate(self) -> tuple[Problem, ...]:
        """The problems that keep the mapping from being used; empty if there are none."""
        problems = [p for i, t in enumerate(self.targets) if t and (p := self._wrong_target(i, t))]
        problems += self._used_twice()
        if "phone" not in self.targets:
            seen = ", ".join(name or f"(column {i + 1}, no name)" for i, name in enumerate(self.header))
            problems.append(Problem("header", f"No column holds the phone number. Columns seen: {seen}."))
        return tuple(problems)

    def to_json(self) -> dict[str, str]:
        return {str(index): target for index, target in enumerate(self.targets) if target}

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

    def _used_twice(self) -> list[Problem]:
        counts = Counter(target for target in self.targets if target)
        return [
            Problem(
                " and ".join(self._place(i) for i, t in enumerate(self.targets) if t == target),
                f"{count} columns become {title(target)}; choose one of them and leave the others out.",
                tuple(i for i, t in enumerate(self.targets) if t == target),
            )
            for target, count in counts.items()
            if count > 1
        ]


def title(target: str) -> str:
    """A target in words: 'Phone number', or the key of an attribute."""
    return TARGETS.get(target, target.removeprefix(ATTRIBUTE))


def propose(header: Sequence[str], sample: Sequence[Sequence[str]]) -> Mapping:
    """The likeliest mapping: by column names, then by what the sample rows look like, otherwise attributes.

    If several columns fit a target, the first gets it and the others are left out with a note. Columns of our own
    report of rejected rows, and columns without a name, are left out.
    """
    targets = [target_of(name) for name in header]
    if "phone" not in targets:
        phones = [i for i, target in enumerate(targets) if target is None and _holds_phones(sample, i)]
        if len(phones) == 1:
            targets[phones[0]] = "phone"
    left_out = _leave_out_repeats(header, targets)
    taken: set[str] = set()
    for index, name in enumerate(header):
        if targets[index] is None and index not in left_out and folded(name) and name not in REPORT_COLUMNS:
            targets[index] = ATTRIBUTE + attribute_key(name, index, taken)
    return Mapping(tuple(header), tuple(targets), left_out)


def _leave_out_repeats(header: Sequence[str], targets: list[str | None]) -> dict[int, str]:
    """Keep each target for its first column only; returns for each column left out why, by index."""
    first: dict[str, int] = {}
    left_out = {}
    for index, target in enumerate(targets):
        if target is None or first.setdefault(target, index) == index:
            continue
        targets[index] = None
        left_out[index] = f"{_place(header, first[target])} already is the {title(target).lower()}"
    return left_out


def attribute_key(name: str, index: int, taken: set[str]) -> str:
    """An attribute key from a column's name; never the name of a target, so that a key has one meaning."""
    base = slug(name)[:36].strip("_")
    if not _KEY.fullmatch(base):
        base = f"column_{index + 1}"
    key, number = base, 2
    while key in taken or key in TARGETS:
        key, number = f"{base}_{number}", number + 1
    taken.add(key)
    return key


def _holds_phones(sample: Sequence[Sequence[str]], index: int) -> bool:
    """True if at least four fifths of the filled cells look like whole phone numbers, not like dates or prices."""
    cells = [text for row in sample if index < len(row) and (text := plain(row[index]).lstrip("'"))]
    alike = sum(_looks_like_phone(cell) for cell in cells)
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
    if not _KEY.fullmatch(key):
        return Problem(
            place,
            f"{key!r} cannot be an attribute's key: up to 40 small letters, digits and _, first a letter.",
        )
    return None


def _column(key: str, header: Sequence[str]) -> int | Problem:
    wanted = one_line(key)
    for same in (
        lambda name: name == wanted,
        lambda name: bool(folded(wanted)) and folded(name) == folded(wanted),
    ):
        found = [index for index, name in enumerate(header) if name and same(name)]
        if len(found) == 1:
            return found[0]
        if found:
            return Problem(f"column {key!r}", f"{len(found)} columns are called so; name it by its index from 0.")
    if wanted.isdecimal() and int(wanted) < len(header):
        return int(wanted)
    return Problem(f"column {key!r}", f"The file has no such column. Columns: {', '.join(filter(None, header))}.")


def _place(header: Sequence[str], index: int) -> str:
    return f"column {index + 1} ({header[index]})" if header[index] else f"column {index + 1}"

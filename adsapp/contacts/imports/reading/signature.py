"""By which an uploaded file is known as one of a kind: the names of its columns, in their order.

Case, accents and blanks in a name do not count, every sign does. Our own columns of a report do not count either: a
mended report gets what its upload got.
"""

import hashlib
from collections.abc import Sequence

from adsapp.contacts.imports.reading.mapping import Mapping
from adsapp.contacts.imports.reading.report import REPORT_COLUMNS
from adsapp.contacts.values.text import name_key


def signature(header: Sequence[str]) -> str:
    """Equal for files with the same columns; 64 characters."""
    names = "\x1f".join(name_key(header[index]) for index in _theirs(header))
    return hashlib.sha256(names.encode()).hexdigest()


def carried(before: Mapping, header: Sequence[str]) -> Mapping:
    """What the columns became in an earlier file with the same signature, for the columns of this one."""
    known = (before.targets[index] for index in _theirs(before.header))
    targets: list[str | None] = [None] * len(header)
    for index, target in zip(_theirs(header), known, strict=True):
        targets[index] = target
    return Mapping(tuple(header), tuple(targets))


def _theirs(header: Sequence[str]) -> list[int]:
    return [index for index, name in enumerate(header) if name not in REPORT_COLUMNS]

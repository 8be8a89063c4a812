"""Phones and e-mail addresses as they are read beside what the libraries alone say, over odd cells of all countries."""

import random
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from adsapp.contacts.values import emails, phones
from tests.contacts.values.odd_cells import PhoneCell, addresses, phone_cells

PART = 50_000


def differences(count: int) -> tuple[int, int]:
    """In how many of so many phone cells, and of a fifth as many e-mail cells, the two differ."""
    found = [0, 0]
    for seed in range(-(-count // PART)):
        chance, size = random.Random(f"part {seed}"), min(PART, count - seed * PART)
        cells = list(phone_cells(chance, size))
        found[0] += _different(_read_phone, cells)
        found[1] += _different(emails.normalise_email, list(addresses(chance, size // 5)))
    return found[0], found[1]


def _different(read: Callable[[Any], Any], cells: list[Any]) -> int:
    quickly = [read(cell) for cell in cells]
    with by_the_libraries():
        return sum(one != read(cell) for one, cell in zip(quickly, cells, strict=True))


def rates(cells: Sequence[PhoneCell], addresses: Sequence[str]) -> dict[str, float]:
    """Cells of a usual list a second, as they are read and by the libraries alone."""
    timed = {"phones": _rate(_read_phone, cells), "addresses": _rate(emails.normalise_email, addresses)}
    with by_the_libraries():
        alone = {"phones_alone": _rate(_read_phone, cells), "addresses_alone": _rate(emails.normalise_email, addresses)}
    return timed | alone


def _rate(read: Callable[[Any], object], cells: Sequence[Any]) -> float:
    began = time.process_time()
    for cell in cells:
        read(cell)
    return len(cells) / (time.process_time() - began)


def _read_phone(cell: PhoneCell) -> object:
    return phones.normalise_phone(*cell)


@contextmanager
def by_the_libraries() -> Iterator[None]:
    """Without the fast answers until the end of the block."""
    with (
        patch.object(phones, "sure_number", lambda text, region: None),
        patch.object(phones, "_GROUPED", re.compile(r"(?!)")),
        patch.object(emails, "is_sure_address", lambda address: False),
    ):
        yield

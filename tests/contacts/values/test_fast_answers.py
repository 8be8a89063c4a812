"""What is answered without the libraries is what the libraries would answer, for many odd cells of all countries.

50,000 here; `ADSAPP_MANY_VALUES=1` asks of 250,000.
"""

import os
import random
import re
from functools import lru_cache

import pytest
from email_validator import EmailNotValidError, validate_email

from adsapp.contacts.values import phones
from adsapp.contacts.values.fast_emails import is_sure_address
from adsapp.contacts.values.phones import Phone, normalise_phone
from tests.contacts.values.odd_cells import REGIONS, addresses, phone_cells

PARTS = 4  # for as many processes
MANY = 5 if os.environ.get("ADSAPP_MANY_VALUES") else 1
CELLS, ADDRESSES = MANY * 50_000 // PARTS, MANY * 20_000 // PARTS


@pytest.mark.parametrize("part", range(PARTS))
def test_phones_are_read_as_the_library_reads_them(part: int, monkeypatch: pytest.MonkeyPatch) -> None:
    cells = list(phone_cells(random.Random(part), CELLS))
    # Asked twice for the same, the library would take its time twice.
    monkeypatch.setattr(phones, "_read_slowly", lru_cache(maxsize=None)(phones._read_slowly))
    quickly = [normalise_phone(*cell) for cell in cells]
    monkeypatch.setattr(phones, "sure_number", lambda text, region: None)
    monkeypatch.setattr(phones, "_GROUPED", re.compile(r"(?!)"))
    slowly = [normalise_phone(*cell) for cell in cells]
    assert [one for one in zip(cells, quickly, slowly, strict=True) if one[1] != one[2]] == []
    seen = {found.region for found in slowly if isinstance(found, Phone)}
    assert seen - {""} <= set(REGIONS)  # whose codes the column of the country has room for
    assert len(seen) > 0.95 * len(REGIONS)


def test_addresses_are_taken_as_the_library_takes_them() -> None:
    odd = set(addresses(random.Random(1), ADDRESSES * PARTS))
    assert {address for address in odd if is_sure_address(address) and not _takes(address)} == set()


def _takes(address: str) -> bool:
    try:
        return validate_email(address, check_deliverability=False).normalized.lower() == address.lower()
    except EmailNotValidError:
        return False

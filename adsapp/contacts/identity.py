"""Who somebody is at the provider: by number, by user id, or by both. Pure.

Since 2026 people may hide their number behind a username; the provider then names them by a user id of this business.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final

from adsapp.contacts.values.phones import person_key
from adsapp.integrations.values import is_user_id

_LETTERS: Final = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_MARK: Final = "u:"


@dataclass(frozen=True, slots=True)
class Identity:
    """A person as the provider names them; what it does not say is "". `number` is written with digits only."""

    number: str = ""
    user_id: str = ""

    @property
    def phone(self) -> str:
        """The number in E.164, or ""."""
        return f"+{self.number}" if self.number else ""

    @property
    def keys(self) -> frozenset[str]:
        """What consent is kept under."""
        return keys_of(person_key(self.phone) if self.number else "", self.user_id)

    def __bool__(self) -> bool:
        return bool(self.number or self.user_id)


def identity_of(*names: str) -> Identity:
    """What the provider calls somebody, sorted into number and user id: either may stand in either's field."""
    numbers = [name.lstrip("+") for name in names if name.lstrip("+").isdecimal()]
    user_ids = [name for name in names if is_user_id(name)]
    return Identity(numbers[0][:15] if numbers else "", user_ids[0] if user_ids else "")


def user_key(user_id: str) -> str:
    """A key of a user id that fits where a number's key does; letters only, so no search for digits finds it."""
    return _MARK + hashlib.sha256(user_id.encode()).hexdigest()[:18].translate(_LETTERS)


def keys_of(key: str, user_id: str | None) -> frozenset[str]:
    """All keys of a person: that of the number, and that of the user id."""
    return frozenset(filter(None, (key, user_key(user_id) if user_id else "")))


def number_of(phone: str, moved_to: str | None) -> str:
    """The number that messages go to, "" if only a user id is known."""
    return moved_to or (phone if phone.startswith("+") else "")

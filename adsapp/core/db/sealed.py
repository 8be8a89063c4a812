"""Columns that are encrypted at rest.

What such a column holds is an object that is opened only where the secret is needed: if a key is lost, that one place
fails with its reason, and every list and page that does not need the secret goes on. Keys are
rotated in every column of the type `Sealed` (core/key_rotation.py).
"""

from dataclasses import dataclass, field
from typing import Any, Self

from flask import current_app
from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from adsapp.core.crypto import Vault


def vault() -> Vault:
    """This application's vault for what is secret at rest."""
    opened: Vault = current_app.extensions["vault"]
    return opened


@dataclass(frozen=True, slots=True)
class SecretText:
    """Encrypted text."""

    sealed: bytes = field(repr=False)

    @classmethod
    def of(cls, value: str) -> Self:
        """Encrypt a text."""
        return cls(vault().seal_text(value))

    def open(self) -> str:
        """The text; raises UnreadableSecret."""
        return vault().open_text(self.sealed)


@dataclass(frozen=True, slots=True)
class SecretJson:
    """Anything JSON can carry, encrypted."""

    sealed: bytes = field(repr=False)

    @classmethod
    def of(cls, value: Any) -> Self:
        """Encrypt a value."""
        return cls(vault().seal_json(value))

    def open(self) -> Any:
        """The value; raises UnreadableSecret."""
        return vault().open_json(self.sealed)


Secret = SecretText | SecretJson


class Sealed(TypeDecorator[Secret]):
    """A column of secrets of one kind; it takes nothing that is not encrypted."""

    impl = LargeBinary
    cache_ok = True

    def __init__(self, kind: type[Secret]) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Secret | None, dialect: Dialect) -> bytes | None:
        """The encrypted bytes."""
        return None if value is None else value.sealed

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Secret | None:
        """The secret, unopened."""
        return None if value is None else self.kind(value)

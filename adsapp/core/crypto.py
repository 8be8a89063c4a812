"""Encryption of what is secret at rest, with keys that rotate, and digests of tokens."""

import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class UnreadableSecret(Exception):
    """None of the keys opens this value: ENCRYPTION_KEYS lost the key that it was written with."""


class Vault:
    """Encrypts with the first key, decrypts with any (`MultiFernet`)."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, value: bytes) -> bytes:
        """The value, encrypted and signed."""
        return self._fernet.encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        """The value again; raises UnreadableSecret."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise UnreadableSecret(
                "A stored secret cannot be read: ENCRYPTION_KEYS lacks the key it was written with"
            ) from None

    def seal_text(self, value: str) -> bytes:
        """As `seal`, for text."""
        return self.seal(value.encode())

    def open_text(self, sealed: bytes) -> str:
        """As `open`, for text."""
        return self.open(sealed).decode()

    def seal_json(self, value: Any) -> bytes:
        """As `seal`, for anything JSON can carry."""
        return self.seal(json.dumps(value, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """As `open`, for anything JSON can carry."""
        return json.loads(self.open(sealed))


def digest(token: str) -> str:
    """SHA-256 of a token with 256 random bits: no salt needed, and it can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare without telling by the time taken where they differ."""
    return hmac.compare_digest(left.encode(), right.encode())

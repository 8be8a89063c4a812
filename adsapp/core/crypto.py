"""Encryption of secrets at rest, with keys that can be rotated, and digests of tokens."""

import hashlib
import hmac
import json
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class UnreadableSecret(Exception):
    """None of the keys decrypts this value: ENCRYPTION_KEYS lacks the key it was encrypted with."""


class Vault:
    """Encrypts with the first key and decrypts with any of them (`MultiFernet`)."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in keys])

    def seal(self, value: bytes) -> bytes:
        """The value, encrypted and signed."""
        return self._fernet.encrypt(value)

    def open(self, sealed: bytes) -> bytes:
        """The decrypted value; raises UnreadableSecret."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise UnreadableSecret(
                "A stored secret cannot be read: ENCRYPTION_KEYS lacks the key it was written with"
            ) from None

    def seal_text(self, value: str) -> bytes:
        """Seal a text."""
        return self.seal(value.encode())

    def open_text(self, sealed: bytes) -> str:
        """Open a sealed text."""
        return self.open(sealed).decode()

    def seal_json(self, value: Any) -> bytes:
        """Seal a value that JSON can represent."""
        return self.seal(json.dumps(value, separators=(",", ":")).encode())

    def open_json(self, sealed: bytes) -> Any:
        """Open a sealed value of JSON."""
        return json.loads(self.open(sealed))


def digest(token: str) -> str:
    """SHA-256 of a token. A token has 256 random bits, so it needs no salt, and its digest can be looked up."""
    return hashlib.sha256(token.encode()).hexdigest()


def same(left: str, right: str) -> bool:
    """Compare in constant time, so that the duration does not reveal where two texts differ."""
    return hmac.compare_digest(left.encode(), right.encode())

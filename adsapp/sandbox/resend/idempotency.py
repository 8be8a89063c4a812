"""Answers by idempotency key, kept for 24 hours of the sandbox's clock. Only what was accepted is kept."""

import hashlib
from dataclasses import dataclass
from typing import Any

from adsapp.sandbox.resend.errors import ApiError

KEPT = 24 * 3600.0
LONGEST = 256


@dataclass(slots=True)
class Kept:
    payload: bytes
    answer: dict[str, Any]
    at: float
    in_flight: bool = True


class Answers:
    """The answers of one team."""

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}

    def find(self, key: str, path: str, raw: bytes, now: float) -> dict[str, Any] | None:
        """The answer that this request got already; None if the key is new. ApiError if it cannot be used."""
        kept = self._kept.get(key)
        if kept is None or now - kept.at >= KEPT:
            return None
        if kept.payload != _digest(path, raw):
            what = "Same idempotency key used with a different request payload."
            raise ApiError("invalid_idempotent_request", what)
        if kept.in_flight:
            what = "Same idempotency key used while original request is still in progress."
            raise ApiError("concurrent_idempotent_requests", what)
        return kept.answer

    def keep(self, key: str, path: str, raw: bytes, answer: dict[str, Any], now: float) -> None:
        """Keep an answer that is on its way; until `landed`, others with this key are told to wait."""
        self._kept[key] = Kept(_digest(path, raw), answer, now)

    def landed(self, key: str) -> None:
        if key in self._kept:
            self._kept[key].in_flight = False


def check_key(key: str | None) -> None:
    if key is not None and not 1 <= len(key) <= LONGEST:
        raise ApiError("invalid_idempotency_key", f"The idempotency key must be between 1-{LONGEST} chars.")


def _digest(path: str, raw: bytes) -> bytes:
    return hashlib.sha256(path.encode() + b"\0" + raw).digest()

"""Passwords: which are taken, how they are kept, and whether one is right."""

import secrets
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from flask import current_app

from adsapp.core.errors import Invalid

SHORTEST = 8
EASY = 1  # zxcvbn's score, of 0 to 4, up to which a password is among the first million that are tried
READ_OUT = "abcdefghjkmnpqrstuvwxyz23456789"
_LOOKED_AT = 72  # characters that decide whether it is easy


def demand_good(password: str, *about: str) -> None:
    """Raise Invalid for a password that is short or easily guessed; `about` is what others know of the person."""
    if len(password) < SHORTEST:
        raise Invalid.field("password", f"should have at least {SHORTEST} characters")
    # Imported here: its lists take 14 MB, and only those who choose a password need them.
    from zxcvbn import zxcvbn

    if zxcvbn(password[:_LOOKED_AT], user_inputs=[word.lower() for word in about])["score"] <= EASY:
        raise Invalid.field(
            "password",
            "should not be a common one, or made of the person's own name or address: those are tried first. "
            "Take several words that do not belong together, or let a password manager make one",
        )


def first_password() -> str:
    """One for somebody to begin with, which is easily read out and typed: 79 bits, no letters that look alike."""
    return "-".join("".join(secrets.choice(READ_OUT) for _ in range(4)) for _ in range(4))


def hasher() -> PasswordHasher:
    """Argon2id with the library's defaults; tests lower its cost."""
    made: PasswordHasher = current_app.extensions.setdefault("password_hasher", PasswordHasher())
    return made


def hash_of(password: str) -> str:
    """What is kept of it."""
    return hasher().hash(password)


def is_right(kept: str | None, password: str) -> bool:
    """Whether this is the password that is kept as `kept`. Without one it takes as long, so that nobody learns it."""
    try:
        hasher().verify(kept or _decoy(), password)
    except (VerifyMismatchError, InvalidHashError):
        return False
    return kept is not None


@lru_cache(maxsize=1)
def _decoy() -> str:
    return hasher().hash(secrets.token_urlsafe(16))

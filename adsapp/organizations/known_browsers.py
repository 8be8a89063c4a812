"""A browser remembers who has signed in in it, so that strangers who guess cannot make these people wait.

The cookie is signed, holds no address but digests of them, and lets nobody in.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from flask import Response, current_app, request
from itsdangerous import BadSignature, URLSafeSerializer

from adsapp.core.crypto import digest
from adsapp.core.web.security import client_address, cookie_name
from adsapp.organizations.throttling import Place

KEPT = timedelta(days=365)
PEOPLE = 8  # of a browser that several share, those who signed in last
_SALT = "known browser"


@dataclass(frozen=True)
class KnownBrowser:
    """A browser by its cookie: its id, and the digests of those who signed in."""

    id: uuid.UUID
    people: Sequence[str] = ()

    @classmethod
    def of_request(cls) -> "KnownBrowser":
        """The browser that asks; a new one if it has no cookie of ours."""
        try:
            kept = _serializer().loads(request.cookies.get(_name(), ""))
            return cls(uuid.UUID(kept["id"]), tuple(kept["people"]))
        except (BadSignature, ValueError, KeyError, TypeError):
            return cls(uuid.uuid4())

    def knows(self, email: str) -> bool:
        """Whether this person has signed in here before."""
        return _short(email) in self.people

    def place_of(self, email: str) -> Place:
        """Where this person tries a password from; in a browser that knows them, what others try does not count."""
        return Place.of(email, client_address(), self.id if self.knows(email) else None)

    def remember(self, email: str, response: Response) -> None:
        """Let it know this person from now on."""
        people = (_short(email), *(each for each in self.people if each != _short(email)))[:PEOPLE]
        kept = replace(self, people=people)
        response.set_cookie(
            _name(),
            _serializer().dumps({"id": str(kept.id), "people": kept.people}),
            max_age=KEPT,
            secure=current_app.config["SESSION_COOKIE_SECURE"],
            httponly=True,
            samesite="Lax",
        )


def _short(email: str) -> str:
    return digest(email.strip().lower())[:16]


def _name() -> str:
    return cookie_name("adsapp-known", current_app.config["SETTINGS"])


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or "", salt=_SALT)

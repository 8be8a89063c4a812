"""Errors written for the person who reads them: what happened, where, what to do.

Services raise these; the pages render them as a page or beside a field, the API as
`application/problem+json` (RFC 9457) with a list of fields.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field: `field` is its place, e.g. `audience.tags[0]`."""

    field: str
    message: str


class Problem(Exception):
    """Base of every expected error: an HTTP status, a title, and what to do."""

    status = 400
    title = "This cannot be done"

    def __init__(self, detail: str, *, fields: Sequence[FieldError] = (), code: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.fields = tuple(fields)
        self.code = code

    @property
    def field_messages(self) -> Mapping[str, str]:
        """First message by field, as forms want them."""
        return {error.field: error.message for error in reversed(self.fields)}


class Invalid(Problem):
    """What was sent does not fit; `fields` says where."""

    status = 422
    title = "Some fields need attention"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """One field is wrong."""
        return cls(message, fields=[FieldError(field, message)])


class Unauthenticated(Problem):
    """Nobody is signed in, or the token is not known."""

    status = 401
    title = "Sign in first"


class Forbidden(Problem):
    """Signed in, but the role does not allow it."""

    status = 403
    title = "Your role does not allow this"


class NotFound(Problem):
    """No such thing, or it belongs to another organization: both answer alike."""

    status = 404
    title = "Not found"


class Conflict(Problem):
    """The state it is in does not allow it."""

    status = 409
    title = "Not possible in this state"


class TooLarge(Problem):
    """Over a size limit; the detail names it."""

    status = 413
    title = "Too large"


class TooMany(Problem):
    """Over a quota or a rate; the detail says when to come again or what to change."""

    status = 429
    title = "Too many"

"""Errors written for the people who read them: what happened, where, and what to do.

Services raise these; pages show them as a page or beside a field, the API answers with
`application/problem+json` (RFC 9457) with a list of fields.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is its path, e.g. `audience.tags[0]`.

    `code` is for pages that act on it; `what` is the message without the field's name, if it begins with that.
    """

    field: str
    message: str
    code: str = ""
    what: str = ""


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
        """The first message for each field, for forms."""
        return {error.field: error.message for error in reversed(self.fields)}

    def by_field(self, place: Callable[[str], str]) -> dict[str, FieldError]:
        """The first mistake for each field of a form; `place` says where on it a field of the service is typed."""
        found: dict[str, FieldError] = {}
        for error in self.fields:
            found.setdefault(place(error.field), error)
        return found


class Invalid(Problem):
    """The input is not valid; `fields` says where."""

    status = 422
    title = "Some fields need attention"

    @classmethod
    def field(cls, field: str, message: str) -> "Invalid":
        """The error for a single wrong field."""
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
    """It does not exist, or belongs to another organization; the answer is the same."""

    status = 404
    title = "Not found"


class Conflict(Problem):
    """The current state does not allow it."""

    status = 409
    title = "Not possible in this state"


class TooLarge(Problem):
    """A size limit is exceeded; the detail names it."""

    status = 413
    title = "Too large"


class WrongType(Problem):
    """The body is of another kind than the call takes."""

    status = 415
    title = "Not the kind of body that is taken here"


class TooMany(Problem):
    """A quota or a rate is exceeded; the detail says when to try again or what to change."""

    status = 429
    title = "Too many"

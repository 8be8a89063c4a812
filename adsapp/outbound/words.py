"""Words that campaigns and e-mails have in common."""

from typing import Final

from adsapp.core.words import plural

NOBODY_TWICE: Final = "Nobody who already got it gets it again."


def people(count: int) -> str:
    """1 person, 1,958 people."""
    return plural(count, "person", "people")


def with_reason(what: str, reason: str | None) -> str:
    """What happened and why, nothing of it twice: "It is paused by Alice", "It is paused: a mistake in the text"."""
    if not reason:
        return what
    rest = reason.removeprefix(what.rsplit(" ", 1)[-1])
    if rest != reason and (not rest or rest.startswith(" by ")):
        return what + rest
    return f"{what}: {reason}"

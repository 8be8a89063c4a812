"""What those see who may not see people's numbers and e-mail addresses. This module alone decides.

It stands where text leaves (`core/web/leaving.py`), so that no page, fragment or answer of the API has to remember it:
numbers and addresses are looked for in every text, wherever it came from: a column of its own, an attribute, a message,
an error.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

DOTS: Final = "•••"
_DAY = r"(?:19|20)\d\d-?[01]\d-?[0-3]\d"
_KEPT = (  # ids and moments, which have as many digits as a number
    r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
    rf"|(?<!\d){_DAY}(?:[ T][0-2]\d(?::?[0-5]\d(?::?\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:?\d\d)?)?(?![\d ]*\d)"
)
_IN_EMAIL = r"[^\s@<>(),;:\"'|\[\]{}]"
# Seven digits and more, as people write a number: blanks, dots, strokes or brackets may stand between them.
_LOOKED_FOR: Final = re.compile(
    rf"(?P<kept>{_KEPT})"
    rf"|(?P<email>{_IN_EMAIL}{{1,64}}@{_IN_EMAIL}{{1,255}})"
    r"|(?P<number>[+(]{0,2}\d(?:[ \u00a0.()/\u2010-\u2015-]{0,3}\d){6,})"
)
_PATH_OF_OURS: Final = re.compile(r"/(?:[a-z]|\?|$)")
_PLACES: Final = frozenset({"next", "id"})  # of a list, in the API: a number there is a cursor


@dataclass(frozen=True, slots=True)
class Mask:
    """What of people's data somebody sees: `whole` True all of it."""

    whole: bool

    def number(self, number: str) -> str:
        """A phone number, or how it is said that there is none: somebody may be known by a user id alone."""
        if not number.strip("+").isdecimal():
            return number if number[:1] == "+" else "no number"
        return number if self.whole or len(number) < 8 else _dotted(number)

    def text(self, text: str) -> str:
        """A text with its numbers and e-mail addresses masked; a path of ours as it is."""
        return text if self.whole or _PATH_OF_OURS.match(text) else _LOOKED_FOR.sub(_masked, text)

    def value(self, value: Any) -> Any:
        """The same for every text of an answer in JSON."""
        if self.whole:
            return value
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return {name: each if name in _PLACES else self.value(each) for name, each in value.items()}
        return [self.value(each) for each in value] if isinstance(value, list | tuple) else value

    def secret(self, text: str | None) -> str | None:
        """What holds a number in another guise, such as a message's id at the provider: whole, or not at all."""
        return text if self.whole else None


WHOLE: Final = Mask(whole=True)


def _masked(found: re.Match[str]) -> str:
    if found["kept"]:
        return found[0]
    if found["email"]:
        name, _, host = found[0].rpartition("@")
        return f"{name[:1]}{DOTS}@{host}"
    return _dotted(found[0])


def _dotted(number: str) -> str:
    """+15550100001 as +15 ••• ••• •001."""
    return f"{number[:3]} {DOTS} {DOTS} •{number[-3:]}"

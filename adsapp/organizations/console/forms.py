"""What was typed into a form, and what is wrong with it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from adsapp.core.errors import Problem


@dataclass(frozen=True, slots=True)
class Typed:
    """`values` hold no password."""

    values: Mapping[str, str] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sent: Mapping[str, str], *names: str) -> "Typed":
        """As it was sent."""
        return cls({name: sent.get(name, "").strip() for name in names})

    def refused(self, problem: Problem, place: str) -> "Typed":
        """With the messages of an error beside their fields; one that names none stands beside `place`."""
        return Typed(self.values, problem.field_messages or {place: problem.detail})

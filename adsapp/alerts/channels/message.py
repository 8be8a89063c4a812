"""What is told, the same by every channel: what, since when, how many, why, and the link to what helps."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Self

from pydantic import TypeAdapter

from adsapp.alerts.models import What


@dataclass(frozen=True)
class Thing:
    """One of several things that an incident is about."""

    title: str
    url: str


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message as it was when it was made; kept as JSON with its delivery. All addresses are whole."""

    what: What
    kind: str  # of the rule
    rule: str  # its title
    severity: str
    organization: str
    title: str
    text: str
    at: datetime
    since: datetime
    count: int
    action: str
    url: str
    alerts_url: str
    incident_id: str = ""
    things: tuple[Thing, ...] = ()

    def as_json(self) -> dict[str, Any]:
        written: dict[str, Any] = TypeAdapter(Message).dump_python(self, mode="json")
        return written

    @classmethod
    def of(cls, kept: dict[str, Any]) -> Self:
        """The message as it was kept."""
        read: Self = TypeAdapter(cls).validate_python(kept)
        return read

    @property
    def headline(self) -> str:
        """What happened, in a few words."""
        if self.what is What.RESOLVED:
            return f"Over: {self.title}"
        return f"Test: {self.title}" if self.what is What.TEST else self.title


@dataclass(frozen=True)
class Told:
    """What the other side answered."""

    code: str
    answer: str

    def as_dict(self) -> dict[str, str]:
        return asdict(self)


class NotTold(Exception):
    """The other side did not take it, in words for people; `is_permanent` if another try would end the same."""

    def __init__(self, code: str, message: str, *, is_permanent: bool, wait_seconds: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_permanent = is_permanent
        self.wait_seconds = wait_seconds

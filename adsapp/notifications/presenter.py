"""What the page of a member's notifications shows."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, Final

from adsapp.core.web.pages import WebPage
from adsapp.notifications.choices import CHOICES
from adsapp.notifications.digest_times import digest_time
from adsapp.notifications.queries import wanted_by
from adsapp.organizations.models import Membership

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Line:
    """One kind of letter, and whether this member gets it."""

    kind: str
    title: str
    text: str
    wanted: bool


@dataclass(frozen=True, slots=True)
class NotificationsPage(WebPage):
    """`is_sent` is False where no mail leaves this installation."""

    template: ClassVar[str] = "notifications/page.html"
    organization: str
    address: str
    lines: tuple[Line, ...]
    is_sent: bool
    hour: str
    zone: str
    on_empty_days: bool
    errors: Mapping[str, str]

    @property
    def hours(self) -> list[tuple[str, str]]:
        """Of a day, for the digest."""
        return [(str(hour), f"{hour:02}:00") for hour in range(24)]

    @classmethod
    def of(
        cls, member: Membership, *, is_sent: bool, errors: Mapping[str, str] = NOTHING, zone: str | None = None
    ) -> "NotificationsPage":
        wanted = wanted_by(member)
        lines = tuple(Line(each.kind, each.title, each.text, wanted[each.kind]) for each in CHOICES)
        digest = digest_time(member)
        return cls(
            member.organization.name,
            member.user.email,
            lines,
            is_sent,
            str(digest.hour),
            digest.zone if zone is None else zone,
            digest.on_empty_days,
            errors,
        )

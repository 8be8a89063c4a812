"""What the page of a member's notifications shows."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import ClassVar, Final

from werkzeug.datastructures import MultiDict

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
    def of(cls, member: Membership, *, is_sent: bool) -> "NotificationsPage":
        """As it is kept."""
        wanted = wanted_by(member)
        lines = tuple(Line(each.kind, each.title, each.text, wanted[each.kind]) for each in CHOICES)
        digest = digest_time(member)
        return cls(
            member.organization.name,
            member.user.email,
            lines,
            is_sent,
            str(digest.hour),
            digest.zone,
            digest.on_empty_days,
            NOTHING,
        )

    def typed(self, form: MultiDict[str, str], errors: Mapping[str, str]) -> "NotificationsPage":
        """As it was sent, with what is wrong: nothing that was ticked or typed is lost."""
        told = form.getlist("told")
        return replace(
            self,
            lines=tuple(replace(line, wanted=line.kind in told) for line in self.lines),
            hour=form.get("hour", self.hour),
            zone=form.get("zone", ""),
            on_empty_days=bool(form.get("on_empty_days")),
            errors=errors,
        )

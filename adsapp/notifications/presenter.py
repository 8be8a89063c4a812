"""What the page of a member's notifications shows."""

from dataclasses import dataclass
from typing import ClassVar

from adsapp.core.web.pages import WebPage
from adsapp.notifications.choices import CHOICES
from adsapp.notifications.queries import wanted_by
from adsapp.organizations.models import Membership


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

    @classmethod
    def of(cls, member: Membership, *, is_sent: bool) -> "NotificationsPage":
        wanted = wanted_by(member)
        lines = tuple(Line(each.kind, each.title, each.text, wanted[each.kind]) for each in CHOICES)
        return cls(member.organization.name, member.user.email, lines, is_sent)

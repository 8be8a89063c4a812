"""How a letter leaves: over Resend, over a mail server, or not at all, into the log. The settings say which."""

from dataclasses import dataclass
from typing import Protocol

from adsapp.config import Settings
from adsapp.core.logs import get_logger
from adsapp.core.masks import Mask
from adsapp.mail_server import read_smtp_url
from adsapp.notifications.rendering import Mail, one_line

log = get_logger()


class NotTaken(Exception):
    """The mail was not taken, in words for people; `is_permanent` if another try would end the same."""

    def __init__(self, code: str, message: str, *, is_permanent: bool) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.is_permanent = is_permanent


@dataclass(frozen=True)
class Envelope:
    """Who it is for. `key` is the same at each try, so that nobody gets a mail twice where the receiver can tell."""

    sender: str
    to: str
    name: str
    key: str


class Outgoing(Protocol):
    """One way to send."""

    name: str

    def send(self, mail: Mail, envelope: Envelope) -> None:
        """Hand it over. Raises NotTaken."""


class ToLog:
    """Nothing is sent. Under the demo the log has the whole text; elsewhere it holds no link that lets somebody in."""

    name = "log"

    def __init__(self, *, with_text: bool) -> None:
        self._with_text = with_text

    def send(self, mail: Mail, envelope: Envelope) -> None:
        told = {"text": mail.text} if self._with_text else {"todo": "set SMTP_URL or NOTIFICATIONS_RESEND_KEY"}
        log.warning("mail_not_sent", to=Mask(whole=False).text(envelope.to), subject=one_line(mail.subject), **told)


def outgoing(settings: Settings) -> Outgoing:
    """The way that these settings choose."""
    if settings.smtp_url:
        from adsapp.notifications.smtp import Smtp

        return Smtp(read_smtp_url(settings.smtp_url))
    if settings.notifications_resend_key:
        from adsapp.notifications.resend import Resend

        return Resend(settings.resend_api_base_url, settings.notifications_resend_key)
    return ToLog(with_text=bool(settings.sandbox_url))

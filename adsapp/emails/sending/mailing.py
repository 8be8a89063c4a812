"""What an e-mail sends, made ready: filled in for a person, and addressed to them. Pure."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from adsapp.emails.content.rendering import EmailContent, Filled, Filler, render
from adsapp.emails.models import Email
from adsapp.integrations.base import EmailMessage


@dataclass(frozen=True)
class Mailing:
    """Copied from an e-mail's row once. It never changes while it is sent: the same chunk makes the same bytes."""

    organization_id: uuid.UUID
    sender: str
    reply_to: str
    content: EmailContent
    tags: Mapping[str, str]
    attachments: Sequence[Mapping[str, str]]
    unsubscribe_base: str

    @classmethod
    def of(cls, email: Email) -> "Mailing":
        """That of an e-mail."""
        return cls(
            organization_id=email.organization_id,
            sender=email.sender,
            reply_to=email.reply_to,
            content=EmailContent(email.subject, email.html, email.text, dict(email.variables)),
            tags=dict(email.tags),
            attachments=list(email.attachments),
            unsubscribe_base=email.unsubscribe_base,
        )

    @property
    def goes_alone(self) -> bool:
        """True if each person's e-mail is a request of its own: attachments go in no batch."""
        return bool(self.attachments)

    @cached_property
    def _filler(self) -> Filler:
        return Filler(self.content)

    def fill(self, person: Mapping[str, object]) -> Filled:
        """A person's values, and which of them are missing."""
        return self._filler.fill(person)

    def to(self, recipient_id: int, address: str, values: Mapping[str, str]) -> EmailMessage:
        """The e-mail to one recipient."""
        url = ""
        said = render(self.content, values, url)
        return EmailMessage(
            to=address,
            sender=self.sender,
            subject=said.subject,
            html=said.html,
            text=said.text,
            reference=str(recipient_id),
            reply_to=self.reply_to,
            unsubscribe_url=url,
            tags=self.tags,
            attachments=self.attachments,
        )

"""An e-mail as a person or a program asks for it, and as it is once nothing is wrong with it."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from adsapp.emails.content.rendering import EmailContent
from adsapp.integrations.models import EmailAccount
from adsapp.outbound.audience import Audience


@dataclass(frozen=True)
class EmailIn:
    """An e-mail as it is asked for.

    `subject`, `html`, `text`, or `template` (an id or a name), whose text is copied. `variables` maps a placeholder to
    `{"field": "first_name", "fallback": "there"}` or `{"value": "…"}`. Either `audience`, as campaigns have it, or
    `recipients`: `{"email": "…", "name": "…", "variables": {"offer": "10 %"}}` each. `account` is an id, None for the
    default. `attachments`: `{"filename": "…", "content_type": "…", "content": "<base64>"}`. `scheduled_at` without a
    zone is a wall clock in `time_zone`; `fold` says which is meant if it comes twice.
    """

    name: str = ""
    subject: str = ""
    html: str = ""
    text: str = ""
    template: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    audience: Mapping[str, Any] | None = None
    recipients: Sequence[Mapping[str, Any]] | None = None
    account: str | None = None
    reply_to: str = ""
    tags: Mapping[str, str] = field(default_factory=dict)
    attachments: Sequence[Mapping[str, Any]] = ()
    scheduled_at: datetime | None = None
    time_zone: str = "UTC"
    fold: int | None = None
    priority: int | None = None


@dataclass(frozen=True)
class Given:
    """Somebody whose address was given: where it is sent to, the one key of all its spellings, and the values."""

    address: str
    key: str
    name: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class Draft:
    """An e-mail with nothing wrong in it. One of `audience` and `given`; `scheduled_at` is in UTC, None for now."""

    name: str
    account: EmailAccount
    content: EmailContent
    template_id: uuid.UUID | None
    audience: Audience | None
    given: tuple[Given, ...]
    reply_to: str
    tags: Mapping[str, str]
    attachments: tuple[dict[str, str], ...]
    scheduled_at: datetime | None
    time_zone: str

    @property
    def columns(self) -> dict[str, Any]:
        """What it says, as the e-mail keeps it."""
        return {
            "name": self.name,
            "template_id": self.template_id,
            "subject": self.content.subject,
            "html": self.content.html,
            "text": self.content.text,
            "variables": dict(self.content.variables),
            "reply_to": self.reply_to,
            "tags": dict(self.tags),
            "attachments": list(self.attachments),
            "audience": dict(self.audience.spec) if self.audience else {"recipients": len(self.given)},
        }

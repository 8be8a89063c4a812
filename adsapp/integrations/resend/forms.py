"""An e-mail account as typed: to connect it, or to change it. Secrets go in and never come out again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from adsapp.core.errors import Invalid
from adsapp.integrations.models import EmailAccount
from adsapp.integrations.resend.service import (
    DEFAULT_BATCH,
    DEFAULT_PACE,
    EmailAccountChanges,
    EmailAccountIn,
    check_changes,
    check_new,
)

TEXTS: Final = ("name", "sender_name", "sender_address", "reply_to")
NUMBERS: Final = ("emails_per_second", "batch_size")
TICKS: Final = ("tracks_opens", "tracks_clicks")
SECRETS: Final = ("api_key", "webhook_secret")
LABELS: Final = {
    "name": "The name",
    "sender_name": "The sender's name",
    "sender_address": "The sender's address",
    "reply_to": "The reply address",
    "emails_per_second": "E-mails a second",
    "batch_size": "E-mails in one request",
    "api_key": "The API key",
    "webhook_secret": "The signing secret",
}


@dataclass
class EmailAccountForm:
    """What was typed, and what is wrong with it. `values` hold no secret; `secrets` are never shown."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, name: str = "E-mail") -> "EmailAccountForm":
        """The form as it opens for a new account."""
        blank = dict.fromkeys((*TEXTS, *TICKS), "")
        return cls({**blank, "name": name, "emails_per_second": f"{DEFAULT_PACE:g}", "batch_size": str(DEFAULT_BATCH)})

    @classmethod
    def of(cls, account: EmailAccount) -> "EmailAccountForm":
        """The form as it opens for an account."""
        values = {name: str(getattr(account, name)) for name in TEXTS}
        ticked = {name: "yes" if getattr(account, name) else "" for name in TICKS}
        return cls({**values, **ticked, **{name: f"{getattr(account, name):g}" for name in NUMBERS}})

    @classmethod
    def typed(cls, sent: Mapping[str, str]) -> "EmailAccountForm":
        """The form as it was sent."""
        values = {name: sent.get(name, "").strip() for name in (*TEXTS, *NUMBERS, *TICKS)}
        return cls(values, {name: sent.get(name, "").strip() for name in SECRETS})

    def new(self) -> EmailAccountIn:
        """What was typed as an account to connect; raises Invalid, whose messages are shown beside the fields."""
        data = EmailAccountIn(**self._plain(), **dict[str, Any](self.secrets))
        self._check(lambda: check_new(data))
        return data

    def changes(self) -> EmailAccountChanges:
        """What was typed as changes, secrets left empty staying as they are; raises Invalid likewise."""
        secrets: dict[str, Any] = {name: text for name, text in self.secrets.items() if text}
        data = EmailAccountChanges(**self._plain(), **secrets)
        self._check(lambda: check_changes(data))
        return data

    def refuse(self, problem: Invalid) -> None:
        """Keep the messages of an error for the fields they belong to."""
        self.errors |= {name: f"{LABELS[name]} {text}" for name, text in problem.field_messages.items()}

    def _plain(self) -> dict[str, Any]:
        texts = {name: self.values[name] for name in TEXTS}
        ticks = {name: bool(self.values[name]) for name in TICKS}
        pace = self._number("emails_per_second", float, DEFAULT_PACE)
        return {**texts, **ticks, "emails_per_second": pace, "batch_size": self._number("batch_size", int, 10)}

    def _number(self, name: str, read: Callable[[str], float], usual: float) -> float:
        try:
            return read(self.values[name]) if self.values[name] else usual
        except ValueError:
            self.errors[name] = f"{LABELS[name]} should be a number such as {usual:g}"
            return usual

    def _check(self, check: Callable[[], None]) -> None:
        try:
            check()
        except Invalid as problem:
            self.refuse(problem)
        if self.errors:
            raise Invalid("Some values do not fit; see beside each field")

"""A WhatsApp number as typed: to connect it, or to change it. Secrets go in and never come out again."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from adsapp.core.errors import Invalid
from adsapp.integrations.models import Account
from adsapp.integrations.whatsapp.service import SECRETS, AccountChanges, AccountIn, check_changes, check_new

PLAIN = ("name", "display_phone_number", "phone_number_id", "waba_id", "messages_per_second")
LABELS = {
    "name": "The name",
    "display_phone_number": "The display number",
    "phone_number_id": "The phone number id",
    "waba_id": "The business account id",
    "messages_per_second": "Messages a second",
    "token": "The access token",
    "app_secret": "The app secret",
    "verify_token": "The verify token",
}


@dataclass
class AccountForm:
    """What was typed, and what is wrong with it. `values` hold no secret; `secrets` are never shown."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict, repr=False)
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def empty(cls, messages_per_second: float) -> "AccountForm":
        """The form as it opens while no number is connected."""
        return cls({**dict.fromkeys(PLAIN, ""), "name": "WhatsApp", "messages_per_second": f"{messages_per_second:g}"})

    @classmethod
    def of(cls, account: Account) -> "AccountForm":
        """The form as it opens for an account."""
        values = {"name": account.name, "waba_id": account.waba_id}
        return cls({**values, "messages_per_second": f"{account.messages_per_second:g}"})

    @classmethod
    def typed(cls, sent: Mapping[str, str]) -> "AccountForm":
        """The form as it was sent."""
        values = {name: sent.get(name, "").strip() for name in PLAIN}
        return cls(values, {name: sent.get(name, "").strip() for name in SECRETS})

    def new(self) -> AccountIn:
        """What was typed as a number to connect; raises Invalid, whose messages are shown beside the fields."""
        texts = {name: self.values[name] for name in PLAIN if name != "messages_per_second"}
        data = AccountIn(**texts, **self.secrets, messages_per_second=self._pace())
        self._check(lambda: check_new(data))
        return data

    def changes(self) -> AccountChanges:
        """What was typed as changes, secrets left empty staying as they are; raises Invalid likewise."""
        secrets = {name: text for name, text in self.secrets.items() if text}
        data = AccountChanges(
            name=self.values["name"], waba_id=self.values["waba_id"], messages_per_second=self._pace(), **secrets
        )
        self._check(lambda: check_changes(data))
        return data

    def refuse(self, problem: Invalid) -> None:
        """Keep the messages of an error for the fields they belong to."""
        self.errors |= {name: f"{LABELS[name]} {text}" for name, text in problem.field_messages.items()}

    def _pace(self) -> float | None:
        text = self.values["messages_per_second"]
        try:
            return float(text) if text else None
        except ValueError:
            self.errors["messages_per_second"] = f"{LABELS['messages_per_second']} should be a number such as 12.5"
            return None

    def _check(self, check: Callable[[], None]) -> None:
        try:
            check()
        except Invalid as problem:
            self.refuse(problem)
        if self.errors:
            raise Invalid("Some values do not fit; see beside each field")

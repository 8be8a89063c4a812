"""What a provider may tell us, as values: times are UTC and the provider's. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from adsapp.integrations.errors import Action, SendError


@dataclass(frozen=True, slots=True)
class Source:
    """Whose webhook it is: the business and its sender as the provider names them; "" if the entry does not say."""

    business: str = ""
    sender: str = ""


@dataclass(frozen=True, slots=True)
class Pricing:
    billable: bool | None
    model: str
    type: str
    category: str


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One step of a message of ours. `status` is a word of `statuses`; the time is the provider's.

    `reference` is what we sent along with the message; `user_id` is the provider's id of the person, "" if not told.
    """

    provider_id: str
    status: str
    timestamp: datetime
    recipient: str
    reference: str | None
    errors: tuple[SendError, ...]
    pricing: Pricing | None
    source: Source
    user_id: str = ""

    def as_json(self) -> dict[str, Any]:
        """As it is kept until its message is known. These names are stored: they stay."""
        told = {"user_id": self.user_id, "pricing": asdict(self.pricing) if self.pricing else None}
        return {
            "wamid": self.provider_id,
            "status": self.status,
            "recipient": self.recipient,
            "callback_data": self.reference,
            "timestamp": self.timestamp.isoformat(),
            "errors": [
                {name: value for name, value in asdict(error).items() if name in _KEPT} for error in self.errors
            ],
            **{name: value for name, value in told.items() if value},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StatusEvent:
        """The inverse, without its source."""
        return cls(
            provider_id=data["wamid"],
            status=data["status"],
            timestamp=datetime.fromisoformat(data["timestamp"]),
            recipient=data["recipient"],
            reference=data["callback_data"],
            errors=tuple(_error(kept) for kept in data["errors"]),
            pricing=Pricing(**data["pricing"]) if data.get("pricing") else None,
            source=Source(),
            user_id=data.get("user_id", ""),
        )


_KEPT = ("code", "message", "action", "retry_after", "advice", "title", "attempts", "stops_campaign")


def _error(kept: dict[str, Any]) -> SendError:
    code = kept["code"]  # earlier versions kept a number
    return SendError(**(kept | {"action": Action(kept["action"]), "code": None if code is None else str(code)}))


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """A message from a person. `text` is what they wrote or the label they tapped, "" for other kinds.

    `sender` and `address` both name the person's number, `user_id` the person: one of the two may be "". `address` is
    the provider's spelling. `answers` is the message they
    quoted, by its `provider_id`. `is_tap`: they tapped a button.
    """

    provider_id: str
    sender: str
    address: str
    text: str
    kind: str
    button_payload: str | None
    answers: str | None
    timestamp: datetime
    profile_name: str
    source: Source
    user_id: str = ""
    is_tap: bool = False
    asks_to_stop: bool = False


@dataclass(frozen=True, slots=True)
class PreferenceEvent:
    """The person used the provider's own switch: `value` is "stop" or "resume" (which is not new consent)."""

    address: str
    value: str
    timestamp: datetime
    source: Source
    user_id: str = ""


@dataclass(frozen=True, slots=True)
class MovedEvent:
    """The provider's own notice that a person has another number or user id now; what it does not tell is "".

    No words of the person: nothing was written to us.
    """

    address: str
    user_id: str
    new_address: str
    new_user_id: str
    timestamp: datetime
    source: Source


@dataclass(frozen=True, slots=True)
class TemplateStatusEvent:
    """A template of ours is now so, as in `ProviderTemplate`; what did not change is ""."""

    template_id: str
    name: str
    language: str
    status: str
    reason: str
    source: Source
    quality: str = ""
    category: str = ""


class NoticeKind(StrEnum):
    """What a notice of the provider is about. These words are stored."""

    ACCOUNT = "account"
    QUALITY = "quality"
    LIMIT = "limit"
    PRICE = "price"
    NAME = "name"
    ALERT = "alert"
    TEMPLATE_STATUS = "template_status"
    TEMPLATE_QUALITY = "template_quality"
    TEMPLATE_CATEGORY = "template_category"


@dataclass(frozen=True, slots=True)
class AccountEvent:
    """What the provider says of an account, in words for people: `level` is good, warning or bad.

    `about` tells things of one kind apart. `value` is the provider's own word for the new state, "" if it has none.
    `can_send` False: nothing can be sent until a person has acted; True: it can again. `number`: the number it is
    about, if it names one by its digits only.
    """

    kind: NoticeKind
    level: str
    title: str
    text: str
    source: Source
    timestamp: datetime
    about: str = ""
    value: str = ""
    number: str = ""
    can_send: bool | None = None


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """Something we have no use for yet, or could not read; `raw` is the piece itself. `error`: one that belongs to no
    message but to the account."""

    field: str
    reason: str
    raw: object
    source: Source
    error: SendError | None = None


Event = StatusEvent | InboundEvent | PreferenceEvent | MovedEvent | TemplateStatusEvent | AccountEvent | UnknownEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    events: tuple[Event, ...]

    @property
    def statuses(self) -> tuple[StatusEvent, ...]:
        return tuple(event for event in self.events if isinstance(event, StatusEvent))

    @property
    def unknown(self) -> tuple[UnknownEvent, ...]:
        return tuple(event for event in self.events if isinstance(event, UnknownEvent))

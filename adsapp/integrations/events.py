"""What a provider may tell us, as values: times are UTC and the provider's. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
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

    `reference` is what we sent along with the message.
    """

    provider_id: str
    status: str
    timestamp: datetime
    recipient: str
    reference: str | None
    errors: tuple[SendError, ...]
    pricing: Pricing | None
    source: Source

    def as_json(self) -> dict[str, Any]:
        """As it is kept until its message is known. These names are stored: they stay."""
        return {
            "wamid": self.provider_id,
            "status": self.status,
            "recipient": self.recipient,
            "callback_data": self.reference,
            "timestamp": self.timestamp.isoformat(),
            "errors": [
                {name: value for name, value in asdict(error).items() if name in _KEPT} for error in self.errors
            ],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StatusEvent:
        """The inverse, without pricing and source."""
        return cls(
            provider_id=data["wamid"],
            status=data["status"],
            timestamp=datetime.fromisoformat(data["timestamp"]),
            recipient=data["recipient"],
            reference=data["callback_data"],
            errors=tuple(_error(kept) for kept in data["errors"]),
            pricing=None,
            source=Source(),
        )


_KEPT = ("code", "message", "action", "retry_after", "advice", "title", "attempts")


def _error(kept: dict[str, Any]) -> SendError:
    code = kept["code"]  # earlier versions kept a number
    return SendError(**(kept | {"action": Action(kept["action"]), "code": None if code is None else str(code)}))


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """A message from a person. `text` is what they wrote or the label they tapped, "" for other kinds.

    `sender` and `address` both name the person; `address` is the provider's spelling. `answers` is the message they
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


@dataclass(frozen=True, slots=True)
class TemplateStatusEvent:
    """A template of ours is now in this status, as in `ProviderTemplate`."""

    template_id: str
    name: str
    language: str
    status: str
    reason: str
    source: Source


@dataclass(frozen=True, slots=True)
class UnknownEvent:
    """Something we have no use for yet, or could not read; `raw` is the piece itself."""

    field: str
    reason: str
    raw: object
    source: Source


Event = StatusEvent | InboundEvent | PreferenceEvent | TemplateStatusEvent | UnknownEvent


@dataclass(frozen=True, slots=True)
class Delivery:
    events: tuple[Event, ...]

    @property
    def statuses(self) -> tuple[StatusEvent, ...]:
        return tuple(event for event in self.events if isinstance(event, StatusEvent))

    @property
    def unknown(self) -> tuple[UnknownEvent, ...]:
        return tuple(event for event in self.events if isinstance(event, UnknownEvent))

"""What the provider may tell us, as values: times are UTC and the provider's. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from adsapp.integrations.base import SendError


@dataclass(frozen=True, slots=True)
class Source:
    """Whose webhook it is; an id is "" where the entry does not say."""

    waba_id: str = ""
    phone_number_id: str = ""


@dataclass(frozen=True, slots=True)
class Pricing:
    billable: bool | None
    model: str
    type: str
    category: str


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One step of a message of ours. `status` as the provider spells it; the time is the provider's."""

    wamid: str
    status: str
    timestamp: datetime
    recipient: str
    callback_data: str | None
    errors: tuple[SendError, ...]
    pricing: Pricing | None
    source: Source


@dataclass(frozen=True, slots=True)
class InboundEvent:
    """A message from a person. `text` is what they wrote or the label they tapped, "" for other kinds."""

    wamid: str
    from_: str
    wa_id: str
    text: str
    kind: str
    button_payload: str | None
    context_wamid: str | None
    timestamp: datetime
    profile_name: str
    source: Source
    wa_user_id: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceEvent:
    """The person used WhatsApp's own switch: `value` is "stop" or "resume" (which is not new consent)."""

    wa_id: str
    value: str
    timestamp: datetime
    source: Source


@dataclass(frozen=True, slots=True)
class TemplateStatusEvent:
    template_id: str
    name: str
    language: str
    event: str
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

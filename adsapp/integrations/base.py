"""What every channel shares: what may come of a send, and what an error asks of the sender.

A send ends in exactly one of four ways, and the ledger treats each differently:

- `Accepted`: the provider took the message and named it.
- `Refused`: the provider said no; `SendError.action` says what that means for the others.
- `NotSent`: nothing of the request left this machine, so it may be sent again at once.
- `Uncertain`: the request left and no readable answer came. It may have been delivered, so it is never sent
  again by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Action(StrEnum):
    """What the sender does after an error, from the mildest to the widest."""

    RETRY = "retry"
    """Send the same message again, after a back-off."""
    SLOW_NUMBER = "slow_number"
    """Slow the whole sending number down, then send the same message again."""
    RETRY_RECIPIENT = "retry_recipient"
    """Send to this person again later; everyone else goes on."""
    WAIT_24H = "wait_24h"
    """Not again within 24 hours, and then only if the person who runs the campaign asks for it."""
    RECIPIENT = "recipient"
    """For good, for this recipient in this campaign."""
    OPT_OUT = "opt_out"
    """For good, and the person has withdrawn consent: record it."""
    CAMPAIGN = "campaign"
    """The template or the request is wrong, so every other message of this campaign is likely to fail as well.

    This message failed for good. The sender stops the campaign once several in a row end so with none accepted
    between them: a single odd row must not stop the others.
    """
    ACCOUNT = "account"
    """The account or its number cannot send at all: pause everything on it."""

    @property
    def sends_again(self) -> bool:
        """True where the same message is to be sent again without a person's decision."""
        return self in (Action.RETRY, Action.SLOW_NUMBER, Action.RETRY_RECIPIENT)


@dataclass(frozen=True, slots=True)
class SendError:
    """Why a message was not taken, in words a person can act on.

    `code` is the provider's own, or None where the answer had none. `message` is the provider's text and is
    kept as it came (without secrets). `retry_after` is in seconds: the provider's wish where it stated one,
    else the usual wait for this code, else None (the sender's own back-off). `attempts` caps the sends in all
    where the code deserves fewer than usual.
    """

    code: int | None
    message: str
    action: Action
    retry_after: float | None = None
    advice: str = ""
    title: str = ""
    attempts: int | None = None

    @property
    def told(self) -> str:
        """What happened and what to do, in sentences."""
        code = "" if self.code is None else f" (code {self.code})"
        return f"{self.title or self.message}{code}. {self.advice}".strip()


@dataclass(frozen=True, slots=True)
class Accepted:
    """Taken by the provider; says nothing about delivery. `wa_id` may differ from the number given."""

    wamid: str
    wa_id: str | None = None
    message_status: str | None = None

    @property
    def is_held(self) -> bool:
        """True where the provider keeps the message back while it judges the template's quality."""
        return self.message_status in ("held_for_quality_assessment", "paused")


@dataclass(frozen=True, slots=True)
class Refused:
    error: SendError


@dataclass(frozen=True, slots=True)
class Uncertain:
    reason: str


@dataclass(frozen=True, slots=True)
class NotSent:
    reason: str


Outcome = Accepted | Refused | Uncertain | NotSent


class ProviderError(Exception):
    """Raised by reads (templates, phone number), never by a send; `error` says what to do about it."""

    def __init__(self, error: SendError) -> None:
        super().__init__(f"{error.title or error.message} (code {error.code})")
        self.error = error


class Channel(Protocol):
    """A way to reach a person.

    `send` answers for everything a provider or a network may do. It raises only when cancelled, and a
    cancelled send must be treated as `Uncertain`.
    """

    async def send(self, payload: Mapping[str, object]) -> Outcome: ...

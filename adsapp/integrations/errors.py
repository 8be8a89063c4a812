"""What can go wrong at a provider, in classes: what a sender does next, and what a person reads."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    pass


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
    SAME_REQUEST = "same_request"
    """It is not known what came of it, and the provider knows requests by a key: send the very same one again."""
    IN_DOUBT = "in_doubt"
    """What came of it cannot be known any more: a person decides whether to send again."""
    QUOTA = "quota"
    """The account has sent as much as it may for now: everything on it waits until more is allowed, by itself."""

    @property
    def sends_again(self) -> bool:
        """True if the same message is to be sent again without a person's decision."""
        return self in (
            Action.RETRY,
            Action.SLOW_NUMBER,
            Action.RETRY_RECIPIENT,
            Action.SAME_REQUEST,
            Action.QUOTA,
        )


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a provider's code means. `wait`: seconds, if the provider states none; `attempts` caps all sends.

    `stops_campaign`: no other message of the campaign can go out either, so the first one stops it.
    """

    title: str
    advice: str
    action: Action
    wait: float | None = None
    attempts: int | None = None
    stops_campaign: bool = False


@dataclass(frozen=True, slots=True)
class SendError:
    """Why a message was not taken, in words a person can act on.

    `code` is the provider's own, or None if the answer had none. `message` is the provider's text and is kept as it
    came (without secrets). `retry_after` is in seconds: the provider's wish if it stated one, else the usual wait for
    this code, else None (the sender's own back-off). `attempts` caps the sends in all if the code deserves fewer than
    usual.
    """

    code: str | None
    message: str
    action: Action
    retry_after: float | None = None
    advice: str = ""
    title: str = ""
    attempts: int | None = None
    stops_campaign: bool = False
    part: str = ""  # of a template that was refused: name, header, body, footer, buttons; "" if it is not known

    @property
    def is_wait(self) -> bool:
        """True if the provider only asks for patience: it limits the pace, or names the time to come again."""
        is_limit = self.action in (Action.SLOW_NUMBER, Action.RETRY_RECIPIENT)
        return is_limit or (self.action is Action.RETRY and self.retry_after is not None)

    @property
    def told(self) -> str:
        """What happened and what to do, in sentences."""
        return f"{self._happened} {self.advice}".strip()

    @property
    def told_at_last(self) -> str:
        """The same if nothing more is tried by itself: what passes is then for a person to try again."""
        return f"{self._happened} Try again a little later." if self.action.sends_again else self.told

    @property
    def _happened(self) -> str:
        code = "" if self.code is None else f" (code {self.code})"
        return f"{self.title or self.message}{code}."


class ProviderError(Exception):
    """Raised by reads (templates, the account itself), never by a send; `error` says what to do about it."""

    def __init__(self, error: SendError) -> None:
        super().__init__(f"{error.title or error.message} (code {error.code})")
        self.error = error

"""What an outcome of a request means for its recipient. Pure.

The classes of errors are those of `integrations.errors.Action`; how often each is tried again is decided here, and what
it means for campaign, number and account in `campaigns.consequences`.
"""

from dataclasses import dataclass

from adsapp.campaigns.consequences import SLOW_SECONDS, Effect, effect_of
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import code_of, in_words
from adsapp.integrations.base import Accepted, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, SendError
from adsapp.outbound.transport import NotWritten

# All sends to one recipient that failed for a passing fault. A wait that the provider asks for is none of them: it uses
# up no attempt, however often it is asked for, and ends by time or by cancellation only.
MOST_ATTEMPTS = 3
PAIR_SECONDS = 6.0
UNREACHABLE_SECONDS = 2.0


@dataclass(frozen=True)
class Verdict:
    """The recipient's next status; `wait` seconds before a pending one is tried again; `counts` False if the
    send does not count as an attempt."""

    status: Status
    code: str = ""
    message: str | None = None
    wait: float = 0.0
    counts: bool = True
    provider_id: str | None = None
    address: str | None = None
    effect: Effect = Effect.NONE
    error: SendError | None = None


def judge(outcome: Outcome | NotWritten, attempts: int) -> Verdict:
    """The verdict on an outcome; `attempts` counts this send too."""
    match outcome:
        case Accepted(provider_id, address):
            return Verdict(Status.ACCEPTED, provider_id=provider_id, address=address)
        case NotWritten():
            return Verdict(Status.SENDING)
        case NotSent(reason):
            return Verdict(
                Status.PENDING, message=reason, wait=UNREACHABLE_SECONDS, counts=False, effect=Effect.UNREACHABLE
            )
        case Uncertain(reason):
            return Verdict(Status.UNCERTAIN, code="uncertain", message=reason, effect=Effect.DOUBT)
        case Refused(error):
            return _refused(error, attempts)


def _refused(error: SendError, attempts: int) -> Verdict:
    match error.action:
        case Action.SLOW_NUMBER:
            return _waits(error, SLOW_SECONDS)
        case Action.RETRY_RECIPIENT:
            return _waits(error, PAIR_SECONDS)
        case Action.RETRY if error.is_wait:
            return _waits(error, SLOW_SECONDS)
        case Action.RETRY:
            return _again(error, attempts, 2.0 ** (attempts - 1))
        case Action.ACCOUNT:
            return Verdict(Status.PENDING, message=error.title, counts=False, effect=effect_of(error), error=error)
        case _:
            return _failed(error)


def _waits(error: SendError, at_least: float) -> Verdict:
    wait = max(at_least, error.retry_after or 0.0)
    return Verdict(
        Status.PENDING, message=in_words(error), wait=wait, counts=False, effect=effect_of(error), error=error
    )


def _again(error: SendError, attempts: int, back_off: float) -> Verdict:
    if attempts >= (MOST_ATTEMPTS if error.attempts is None else min(MOST_ATTEMPTS, error.attempts)):
        return _failed(error)
    return Verdict(Status.PENDING, message=in_words(error), wait=back_off, effect=effect_of(error), error=error)


def _failed(error: SendError) -> Verdict:
    return Verdict(Status.FAILED, code_of(error), in_words(error), effect=effect_of(error), error=error)

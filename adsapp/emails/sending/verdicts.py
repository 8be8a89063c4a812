"""What an outcome of a request means for its chunk, its people and the account. Pure.

A chunk ends in one of four ways. It is settled: each of its people was taken, or refused for good. It is dissolved:
surely nobody was sent to, and its people are pending again. It is kept: the very same request goes again, because it is
not known what came of it, or after a short wait that the provider asked for. It is doubtful: what came of it cannot be
known any more. Only a chunk that was never in doubt is dissolved, because a later refusal tells nothing about an
earlier try.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Final

from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reasons import code_of, in_words
from adsapp.integrations.base import Accepted, NotSent, Outcome, Refused, Uncertain
from adsapp.integrations.errors import Action, SendError

UNREACHABLE_SECONDS: Final = 2.0
FIRST_WAIT: Final = 0.5  # before a request goes again of which nobody knows what came; doubled each time
LONGEST_WAIT: Final = 300.0
SLOW_SECONDS: Final = 1.0


class End(Enum):
    """How a try of a chunk ended."""

    SETTLED = "settled"
    DISSOLVED = "dissolved"
    KEPT = "kept"
    DOUBTFUL = "doubtful"


class Effect(Enum):
    """What it means beyond the chunk."""

    NONE = "none"
    SLOW = "slow the account down"
    PAUSE = "pause the e-mail"
    REFUSE = "refuse the account and pause all that goes out by it"
    QUOTA = "pause all that goes out by the account until its quota renews"
    UNREACHABLE = "wait until the provider can be reached"
    SILENT = "begin nothing new if several get no answer"


@dataclass(frozen=True)
class Chunk:
    """The people of one request, in the order in which they are in it. `tries` counts this one; `doubted_since`: since
    when it is in doubt what came of it, None before the first try."""

    id: int
    people: tuple[int, ...]
    tries: int = 1
    doubted_since: datetime | None = None

    @property
    def is_certain(self) -> bool:
        """True if surely nobody in it was sent to before this try."""
        return self.doubted_since is None


@dataclass(frozen=True)
class PersonVerdict:
    """What became of one person."""

    status: Status
    code: str = ""
    message: str | None = None
    provider_id: str | None = None
    error: SendError | None = None


@dataclass(frozen=True)
class Verdict:
    """What becomes of a chunk: `each` of its people if it is settled; `wait` seconds before its next try, or before its
    people's. `in_doubt`: from now on it is not known what came of it. `counts`: the try counts for its people."""

    end: End
    effect: Effect = Effect.NONE
    each: tuple[PersonVerdict, ...] = ()
    wait: float = 0.0
    in_doubt: bool = False
    counts: bool = False
    message: str = ""
    error: SendError | None = None


def judge(outcome: Outcome, chunk: Chunk) -> Verdict:
    """The verdict on what came of a try."""
    match outcome:
        case Accepted(each=()):
            return Verdict(End.SETTLED, each=(_person(outcome),), counts=True)
        case Accepted():
            return Verdict(End.SETTLED, each=tuple(map(_person, outcome.each)), counts=True)
        case NotSent(reason):
            return _nothing_came(chunk, Effect.UNREACHABLE, UNREACHABLE_SECONDS, reason)
        case Uncertain(reason):
            return Verdict(End.KEPT, Effect.SILENT, wait=_back_off(chunk.tries), in_doubt=True, message=reason)
        case Refused(error):
            return _refused(error, chunk)


def _refused(error: SendError, chunk: Chunk) -> Verdict:
    match error.action:
        case Action.SAME_REQUEST:
            wait = max(error.retry_after or 0.0, _back_off(chunk.tries))
            return Verdict(End.KEPT, Effect.SILENT, wait=wait, in_doubt=True, message=in_words(error), error=error)
        case Action.IN_DOUBT:
            return Verdict(End.DOUBTFUL, Effect.NONE, message=in_words(error), error=error)
        case Action.SLOW_NUMBER:
            wait = max(error.retry_after or 0.0, SLOW_SECONDS)
            return Verdict(End.KEPT, Effect.SLOW, wait=wait, message=error.title, error=error)
        case Action.QUOTA:
            return _nothing_came(chunk, Effect.QUOTA, error.retry_after or 0.0, error.title, error)
        case Action.ACCOUNT:
            return _nothing_came(chunk, Effect.REFUSE, 0.0, error.title, error)
        case _ if error.stops_campaign:
            return _nothing_came(chunk, Effect.PAUSE, 0.0, error.title, error)
        case _:
            return _not_accepted(error, chunk)


def _nothing_came(chunk: Chunk, effect: Effect, wait: float, message: str, error: SendError | None = None) -> Verdict:
    """This try sent nothing."""
    end = End.DISSOLVED if chunk.is_certain else End.KEPT
    # Whoever waits for a quota or a person waits with the whole e-mail; the rows themselves are due.
    own_wait = wait if effect is Effect.UNREACHABLE else 0.0
    return Verdict(end, effect, wait=own_wait, message=message, error=error)


def _not_accepted(error: SendError, chunk: Chunk) -> Verdict:
    """Something in it is not as the provider takes it. A batch that is refused as a whole does not say what: its people
    go alone then, and whoever it is about is refused alone."""
    if not chunk.is_certain:
        return Verdict(End.DOUBTFUL, message=in_words(error), error=error)
    if len(chunk.people) > 1:
        return Verdict(End.DISSOLVED, counts=True, message=in_words(error), error=error)
    return Verdict(End.SETTLED, each=(_person(Refused(error)),), counts=True)


def _person(outcome: Accepted | Refused) -> PersonVerdict:
    if isinstance(outcome, Accepted):
        return PersonVerdict(Status.ACCEPTED, provider_id=outcome.provider_id)
    return PersonVerdict(Status.FAILED, code_of(outcome.error), in_words(outcome.error), error=outcome.error)


def _back_off(tries: int) -> float:
    return float(min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(tries - 1, 20)))


@dataclass
class Streak:
    """Bad endings in a row: kept by a slice from batch to batch."""

    kind: str = ""
    count: int = 0

    def see(self, kind: str) -> int:
        """One more of this kind ("" for a good ending); how many there are in a row."""
        self.count = self.count + 1 if kind == self.kind else 1
        self.kind = kind
        return self.count if kind else 0


def is_answer(outcome: object) -> bool:
    """True if the provider said something that can be understood."""
    return isinstance(outcome, Accepted | Refused)


def provider_ids(verdicts: Sequence[Verdict]) -> list[str]:
    """Those of e-mails we know from now on."""
    return [person.provider_id for verdict in verdicts for person in verdict.each if person.provider_id]

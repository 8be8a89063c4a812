"""Writing down what came of the requests: for each its recipient, and what it means for campaign, number and consent.

An outcome that happened is right to write even if another worker holds the job by now, so this is not fenced by the
job's lease: it touches only rows that this slice itself marked and that nothing else has settled. A status that
overtook our own response is never lowered.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError

from adsapp.campaigns import ledger, statuses
from adsapp.campaigns.consequences import FAILURE_LIMIT, Consequences, Effect, act
from adsapp.campaigns.ledger import RecipientState
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.reasons import code_of
from adsapp.campaigns.sending.error_policy import Verdict, judge
from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact, OptSource
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.logs import get_logger
from adsapp.integrations.base import Accepted, Refused
from adsapp.outbound.figures import MESSAGES, THROTTLED, WHATSAPP, count_statuses
from adsapp.outbound.transport import SendResult

log = get_logger()

DOUBT_LIMIT = 10
TRY_SECONDS = 10.0


@dataclass
class FailureStreak:
    """Bad endings in a row: kept by a slice from batch to batch."""

    kind: str = ""
    count: int = 0
    is_unreachable: bool = False  # the number's provider did not answer when it was last tried

    def see(self, kind: str) -> int:
        """One more of this kind ("" for a good ending); how many there are in a row."""
        self.count = self.count + 1 if kind == self.kind else 1
        self.kind = kind
        return self.count if kind else 0


@dataclass
class BatchEffects(Consequences):
    """What a batch means for the slice, beside what it means for others: who was not written to, what we know now."""

    not_written: list[int] = field(default_factory=list)
    provider_ids: list[str] = field(default_factory=list)  # of messages we know from now on


def write(
    campaign_id: uuid.UUID,
    lease_id: uuid.UUID,
    results: Sequence[SendResult],
    attempts: Mapping[int, int],
    streak: FailureStreak,
) -> BatchEffects:
    """Write a batch of results; `attempts` by recipient, this one counted. Commits."""
    verdicts = [(one, judge(one.outcome, attempts[one.id])) for one in results]
    effects = _effects_of(verdicts, streak)
    written = [(one, verdict) for one, verdict in verdicts if one.id not in set(effects.not_written)]
    if written:
        _persist(lambda: _write(campaign_id, lease_id, written, effects))
        effects.provider_ids = [verdict.provider_id for _, verdict in written if verdict.provider_id]
    return effects


def put_back(campaign_id: uuid.UUID, lease_id: uuid.UUID, ids: Sequence[int]) -> None:
    """Recipients that were marked and surely not written are pending again. Commits."""
    untouched = Verdict(Status.PENDING, counts=False)
    now = utcnow()
    moved = [(SendResult(one, None, now), untouched) for one in ids]  # type: ignore[arg-type]  # nothing came of it
    if moved:
        _persist(lambda: _write(campaign_id, lease_id, moved, BatchEffects()))


def _effects_of(verdicts: Sequence[tuple[SendResult, Verdict]], streak: FailureStreak) -> BatchEffects:
    effects = BatchEffects()
    for one, verdict in verdicts:
        if verdict.status is Status.SENDING:
            effects.not_written.append(one.id)
            continue
        _add_effect(one.at, verdict, effects, streak)
        if streak.is_unreachable and isinstance(one.outcome, Accepted | Refused):
            streak.is_unreachable, effects.is_reached = False, True
    return effects


def _add_effect(at: datetime, verdict: Verdict, effects: BatchEffects, streak: FailureStreak) -> None:
    error = verdict.error
    if error is not None:
        effects.add(error, at, lambda: streak.see(code_of(error)), verdict.wait)
    match verdict.effect:
        case Effect.DOUBT if streak.see("uncertain") >= DOUBT_LIMIT:
            effects.pause = f"{DOUBT_LIMIT} messages in a row got no answer from WhatsApp: {verdict.message}"
        case Effect.UNREACHABLE if streak.see("unreachable") >= FAILURE_LIMIT:
            effects.unreachable = verdict.message or "no connection"
        case Effect.NONE | Effect.OPT_OUT:
            streak.see("")


def _write(
    campaign_id: uuid.UUID, lease_id: uuid.UUID, written: Sequence[tuple[SendResult, Verdict]], effects: BatchEffects
) -> None:
    campaign = ledger.lock([campaign_id])[campaign_id]
    entries = ledger.load(one.id for one, _ in written)
    changed = []
    for one, verdict in written:
        entry = entries.get(one.id)
        if entry is not None and entry.lease_id == lease_id and _apply(entry, verdict, one.at):
            changed.append(entry)
            _update_contact(entry, verdict)
    ledger.save(changed)
    count_statuses(MESSAGES, (entry.status.value for entry in changed))
    THROTTLED.add(sum(verdict.effect is Effect.SLOW for _, verdict in written), channel=WHATSAPP)
    act(campaign, effects)
    db.session.commit()


def _apply(entry: RecipientState, verdict: Verdict, at: datetime) -> bool:
    """Work a verdict into an entry; False if it adds nothing."""
    if entry.status not in (Status.SENDING, Status.UNCERTAIN):
        # A webhook was quicker: it knows more than our response does, but perhaps not the message's id.
        if verdict.status is not Status.ACCEPTED or entry.provider_id:
            return False
        entry.provider_id, entry.accepted_at = verdict.provider_id, entry.accepted_at or at
        return True
    if verdict.status is Status.UNCERTAIN and entry.status is Status.UNCERTAIN:
        return False
    entry.status, entry.error_code, entry.error_message = verdict.status, verdict.code, verdict.message
    entry.attempts -= 0 if verdict.counts else 1
    entry.not_before = at + timedelta(seconds=verdict.wait) if verdict.wait else None
    if verdict.status is Status.ACCEPTED:
        entry.provider_id, entry.accepted_at = verdict.provider_id, at
    if verdict.status is Status.FAILED:
        entry.failed_at = at
    if verdict.status is Status.PENDING:
        entry.lease_id = None
    return True


def _update_contact(entry: RecipientState, verdict: Verdict) -> None:
    """What a verdict says about the contact."""
    if verdict.effect is Effect.OPT_OUT:
        opt_outs.opt_out_many([entry.contact_id], OptSource.PROVIDER, detail=verdict.message or "")
    elif verdict.address and verdict.address != entry.phone.lstrip("+"):
        # Rare (Brazil, Mexico, Argentina): elsewhere the provider calls a number as we do.
        db.session.execute(update(Contact).where(Contact.id == entry.contact_id).values(wa_id=verdict.address[:20]))


def _persist(write: Callable[[], object]) -> None:
    """An outcome exists only here until it is written: a database that is away for a moment must not lose it."""
    deadline = time.monotonic() + TRY_SECONDS
    while True:
        try:
            write()
            return
        except DBAPIError as error:
            db.session.rollback()
            if time.monotonic() > deadline:
                raise
            log.warning("write_again", what="outcomes", error=type(error).__name__)
            time.sleep(0.1)


def match_parked(provider_ids: Sequence[str]) -> None:
    """Statuses that came before we knew these messages. After the commit, so that one of the two always sees the
    other: this look, or the webhook's own."""
    if provider_ids:
        _persist(lambda: statuses.match_parked(provider_ids))

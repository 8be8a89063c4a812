"""Writing down what came of the requests: for each its chunk and its people, and what it means for the account.

An outcome that happened is right to write even if another worker holds the job by now, so this is not fenced by the
job's lease: it touches only chunks that this slice itself tried last and that nothing has settled. A report that
overtook our own answer is never lowered: only who is still on the way is moved.
"""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import select, update
from sqlalchemy.exc import DBAPIError

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.core.logs import get_logger
from adsapp.emails import ledger
from adsapp.emails.consequences import SLOW_AT_LEAST, Consequences, act, act_on_account
from adsapp.emails.models import EmailChunk, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reasons import code_of
from adsapp.emails.reported import reports
from adsapp.emails.sending import chunks
from adsapp.emails.sending.verdicts import (
    Chunk,
    Effect,
    End,
    PersonVerdict,
    Streak,
    Verdict,
    is_answer,
    judge,
    provider_ids,
)
from adsapp.integrations.base import Outcome
from adsapp.outbound.figures import EMAIL, EMAILS, THROTTLED, count_statuses

log = get_logger()

SILENT_LIMIT: Final = 5  # so many requests in a row without an answer: nothing new is begun
UNREACHABLE_LIMIT: Final = 5
TRY_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Tried:
    """A chunk that was written, and what came of it."""

    chunk: Chunk
    outcome: Outcome
    at: datetime


@dataclass
class Known:
    """What a slice remembers from batch to batch."""

    is_unreachable: bool = False  # the provider did not answer when it was last tried
    has_answered: bool = False  # in this slice
    failures: Streak = field(default_factory=Streak)
    silence: Streak = field(default_factory=Streak)


@dataclass
class Effects(Consequences):
    """What a batch means for the slice, beside what it means for others."""

    provider_ids: list[str] = field(default_factory=list)  # of e-mails we know from now on


def write(
    email_id: uuid.UUID, account_id: uuid.UUID, lease_id: uuid.UUID, tried: Sequence[Tried], known: Known
) -> Effects:
    """Write what came of some requests. Commits."""
    verdicts = [(one, judge(one.outcome, one.chunk)) for one in tried]
    effects = _effects_of(verdicts, known)
    persist(lambda: _write(email_id, lease_id, verdicts, effects))
    persist(lambda: act_on_account(account_id, effects))
    effects.provider_ids = provider_ids([verdict for _, verdict in verdicts])
    return effects


def put_back(email_id: uuid.UUID, lease_id: uuid.UUID, untouched: Sequence[Chunk]) -> None:
    """Chunks that were decided on and surely not written. Commits."""
    if not untouched:
        return
    now = utcnow()
    moved = [
        (Tried(chunk, None, now), Verdict(End.DISSOLVED if chunk.is_certain else End.KEPT))  # type: ignore[arg-type]
        for chunk in untouched
    ]
    persist(lambda: _write(email_id, lease_id, moved, Effects()))


def _effects_of(verdicts: Sequence[tuple[Tried, Verdict]], known: Known) -> Effects:
    effects = Effects()
    for one, verdict in verdicts:
        _add_effect(one, verdict, effects, known)
        if is_answer(one.outcome) and verdict.effect is not Effect.SILENT:
            effects.is_reached = effects.is_reached or known.is_unreachable
            known.is_unreachable, known.has_answered = False, True
    return effects


def _add_effect(one: Tried, verdict: Verdict, effects: Effects, known: Known) -> None:
    error = verdict.error
    match verdict.effect:
        case Effect.SLOW:
            THROTTLED.add(channel=EMAIL)
            known.silence.see("")
            effects.slow_seconds = max(effects.slow_seconds, verdict.wait, SLOW_AT_LEAST)
        case Effect.PAUSE if error is not None:
            effects.pause = error.told
        case Effect.REFUSE if error is not None:
            effects.refuse = error.told
        case Effect.QUOTA if error is not None:
            effects.quota(error, one.at)
        case Effect.UNREACHABLE if known.silence.see("unreachable") >= UNREACHABLE_LIMIT or not known.has_answered:
            effects.unreachable = verdict.message or "no connection"
        case Effect.SILENT if known.silence.see("silent") >= SILENT_LIMIT:
            effects.unreachable = verdict.message or "no answer"
        case Effect.NONE:
            known.silence.see("")
    for person in verdict.each:
        _add_person(person, effects, known)


def _add_person(person: PersonVerdict, effects: Effects, known: Known) -> None:
    error = person.error
    if error is None:
        known.failures.see("")
    else:
        effects.failed(error, lambda: known.failures.see(code_of(error)))


def _write(
    email_id: uuid.UUID, lease_id: uuid.UUID, verdicts: Sequence[tuple[Tried, Verdict]], effects: Effects
) -> None:
    email = ledger.lock([email_id])[email_id]
    rows = _rows(lease_id, [one.chunk.id for one, _ in verdicts])
    mine = [(one, verdict, rows[one.chunk.id]) for one, verdict in verdicts if one.chunk.id in rows]
    for one, verdict, row in mine:
        _apply(one, verdict, row)
    _settle([(one, verdict) for one, verdict, row in mine if verdict.end is End.SETTLED])
    act(email, effects)
    db.session.commit()


def _rows(lease_id: uuid.UUID, ids: Sequence[int]) -> Mapping[int, EmailChunk]:
    """Those that nothing has settled and nobody else has tried since."""
    mine = (EmailChunk.id.in_(ids), EmailChunk.lease_id == lease_id, EmailChunk.settled_at.is_(None))
    return {row.id: row for row in db.session.scalars(select(EmailChunk).where(*mine))}


def _apply(one: Tried, verdict: Verdict, row: EmailChunk) -> None:
    match verdict.end:
        case End.SETTLED:
            row.settled_at, row.lease_id = one.at, None
        case End.DOUBTFUL:
            chunks.give_up([row], verdict.message)
        case End.KEPT:
            row.lease_id, row.not_before = None, one.at + timedelta(seconds=verdict.wait)
            row.first_tried_at = row.first_tried_at if verdict.in_doubt else one.chunk.doubted_since
        case End.DISSOLVED:
            _dissolve(one, verdict, row)


def _dissolve(one: Tried, verdict: Verdict, row: EmailChunk) -> None:
    """Those who wait for their next try are told why; those of a batch that was refused go alone."""
    not_before = one.at + timedelta(seconds=verdict.wait) if verdict.wait else None
    values: dict[str, Any] = {"not_before": not_before, "error_message": verdict.message or None}
    if verdict.counts:
        values["attempts"] = EmailRecipient.attempts + 1
    chunks.set_people([row.id], **values)
    chunks.dissolve([row])


def _settle(settled: Sequence[tuple[Tried, Verdict]]) -> None:
    """Write what became of each, in one statement for those who are on their way still."""
    people = {
        person_id: (person, one.at)
        for one, verdict in settled
        for person_id, person in zip(one.chunk.people, verdict.each, strict=True)
    }
    still = db.session.execute(
        select(EmailRecipient.id, EmailRecipient.attempts, EmailRecipient.status).where(
            EmailRecipient.id.in_(people), EmailRecipient.provider_id.is_(None)
        )
    ).all()
    on_their_way = [row for row in still if row.status in reports.UNSETTLED]
    update_rows(EmailRecipient, [_row_of(row.id, row.attempts, *people[row.id]) for row in on_their_way])
    count_statuses(EMAILS, (people[row.id][0].status.value for row in on_their_way))
    for row in still:  # a report was quicker: it knows more than our answer does, but not the e-mail's id
        if row.status not in reports.UNSETTLED and people[row.id][0].provider_id:
            _name(row.id, *people[row.id])


def _row_of(person_id: int, attempts: int, person: PersonVerdict, at: datetime) -> dict[str, Any]:
    is_taken = person.status is Status.ACCEPTED
    return {
        "id": person_id,
        "status": person.status,
        "error_code": person.code,
        "error_message": person.message,
        "attempts": attempts + 1,
        "provider_id": person.provider_id,
        "accepted_at": at if is_taken else None,
        "failed_at": None if is_taken else at,
        "updated_at": utcnow(),
    }


def _name(person_id: int, person: PersonVerdict, at: datetime) -> None:
    db.session.execute(
        update(EmailRecipient)
        .where(EmailRecipient.id == person_id)
        .values(provider_id=person.provider_id, accepted_at=at, updated_at=utcnow()),
        execution_options={"synchronize_session": False},
    )


def match_parked(account_id: uuid.UUID, provider_ids: Sequence[str]) -> None:
    """Reports that came before we knew these e-mails. After the commit, so that one of the two always sees the other:
    this look, or the report's own."""
    if provider_ids:
        persist(lambda: reports.match_parked(account_id, provider_ids))


def persist(write: Callable[[], object]) -> None:
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
            log.warning("write_again", what="outcomes of e-mails", error=type(error).__name__)
            time.sleep(0.1)

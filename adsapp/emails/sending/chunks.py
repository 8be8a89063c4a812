"""Choosing whom the next requests go to, and deciding it for good before they are written.

What is in a request is in the database before the request is: up to a batch of people, looked at once more, marked
`sending` with the number of their chunk, in one transaction and only while this worker holds the job. After a crash the
same chunk goes again, to the same people under the same key.
"""

import uuid
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import or_, select, update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.emails import ledger, reasons
from adsapp.emails.models import EmailChunk, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.sending.verdicts import Chunk
from adsapp.emails.suppressions.silent import silent_keys
from adsapp.jobs import Progress
from adsapp.outbound.statuses import OutboundStatus

KEY_IS_KNOWN: Final = timedelta(hours=23)  # the provider forgets a key 24 hours after its first use
SPARE: Final = 50  # so many more are looked at: some of them may be left out
NO_ANSWER: Final = "Resend gave no answer as long as it knows the request."


@dataclass(frozen=True)
class Person:
    """Somebody in a chunk."""

    id: int
    address: str
    values: Mapping[str, str]
    key: str = ""
    tries: int = 0


@dataclass(frozen=True)
class Claimed:
    """The e-mail's status at that moment, and the requests that are to be written now, with whom each goes to."""

    status: OutboundStatus
    chunks: tuple[tuple[Chunk, tuple[Person, ...]], ...] = ()


@dataclass(frozen=True)
class Claim:
    """What a slice asks for: `count` requests of `batch` people each, beside those it has on its way (`taken`).

    `only_begun`: nobody new, only what is in doubt already.
    """

    email_id: uuid.UUID
    lease_id: uuid.UUID
    count: int
    batch: int
    taken: Collection[int]
    only_begun: bool = False


def claim(asked: Claim, progress: Progress) -> Claimed:
    """Decide on the next requests; raises LeaseLost. Commits."""
    status = ledger.lock_status(asked.email_id)
    if status is not OutboundStatus.SENDING:
        db.session.rollback()
        return Claimed(status)
    found = _take_over(asked)
    if not asked.only_begun and len(found) < asked.count:
        found += _begin(asked, asked.count - len(found))
    progress.commit()
    return Claimed(status, tuple(found))


# --- those that were begun --------------------------------------------------------------------------------------------


def _take_over(asked: Claim) -> list[tuple[Chunk, tuple[Person, ...]]]:
    """Chunks that got no answer, from this worker or one that died: they go first, and go again as they were."""
    now = utcnow()
    rows = db.session.scalars(
        select(EmailChunk)
        .where(
            EmailChunk.email_id == asked.email_id,
            EmailChunk.settled_at.is_(None),
            or_(EmailChunk.not_before.is_(None), EmailChunk.not_before <= now),
            EmailChunk.id.not_in(list(asked.taken)),
        )
        .order_by(EmailChunk.id)
        .limit(asked.count)
    ).all()
    expired = [row for row in rows if row.first_tried_at and row.first_tried_at < now - KEY_IS_KNOWN]
    give_up(expired, NO_ANSWER)
    again = [row for row in rows if row not in expired]
    people = _people_of([row.id for row in again])
    return [(_try(row, asked.lease_id, people[row.id], now), people[row.id]) for row in again]


def _try(row: EmailChunk, lease_id: uuid.UUID, people: tuple[Person, ...], now: datetime) -> Chunk:
    chunk = Chunk(row.id, tuple(person.id for person in people), row.attempts + 1, row.first_tried_at)
    row.attempts, row.lease_id, row.not_before = row.attempts + 1, lease_id, None
    row.first_tried_at = row.first_tried_at or now
    return chunk


def _people_of(chunk_ids: Sequence[int]) -> dict[int, tuple[Person, ...]]:
    found: dict[int, list[Person]] = {chunk_id: [] for chunk_id in chunk_ids}
    rows = db.session.execute(
        select(EmailRecipient.chunk_id, EmailRecipient.id, EmailRecipient.address, EmailRecipient.variables)
        .where(EmailRecipient.chunk_id.in_(chunk_ids), EmailRecipient.email_id.in_(_email_of(chunk_ids)))
        .order_by(EmailRecipient.id)
    )
    for row in rows:
        found[row.chunk_id].append(Person(row.id, row.address, row.variables))
    return {chunk_id: tuple(people) for chunk_id, people in found.items()}


def _email_of(chunk_ids: Sequence[int]) -> Any:
    """Along the index: a chunk's people are found by their e-mail and the chunk."""
    return select(EmailChunk.email_id).where(EmailChunk.id.in_(chunk_ids))


def give_up(rows: Sequence[EmailChunk], why: str) -> None:
    """What came of these cannot be known any more: their people are uncertain, unless a report has told."""
    now = utcnow()
    for row in rows:
        row.settled_at, row.lease_id = now, None
    if rows:
        set_people([row.id for row in rows], status=Status.UNCERTAIN, error_code=reasons.UNCERTAIN, error_message=why)


def dissolve(rows: Sequence[EmailChunk]) -> None:
    """Surely nobody in these was sent to: their people are pending again."""
    now = utcnow()
    for row in rows:
        row.settled_at, row.lease_id = now, None
    if rows:
        set_people([row.id for row in rows], status=Status.PENDING, chunk_id=None)


def set_people(chunk_ids: Sequence[int], **values: object) -> None:
    """Set columns of those people of these chunks who are still on their way."""
    db.session.execute(
        update(EmailRecipient)
        .where(
            EmailRecipient.email_id.in_(_email_of(chunk_ids)),
            EmailRecipient.chunk_id.in_(chunk_ids),
            EmailRecipient.status == Status.SENDING,
        )
        .values(updated_at=utcnow(), **values),
        execution_options={"synchronize_session": False},
    )


# --- new ones ---------------------------------------------------------------------------------------------------------


def _begin(asked: Claim, count: int) -> list[tuple[Chunk, tuple[Person, ...]]]:
    people = _due(asked.email_id, count * asked.batch)
    groups = list(_groups(people, asked.batch))[:count]
    rows = [_row(asked, group) for group in groups]
    db.session.add_all(rows)
    db.session.flush()
    now = utcnow()
    update_rows(
        EmailRecipient,
        [
            {
                "id": person.id,
                "status": Status.SENDING,
                "chunk_id": row.id,
                "error_code": "",
                "error_message": None,
                "updated_at": now,
            }
            for row, group in zip(rows, groups, strict=True)
            for person in group
        ],
    )
    return [
        (Chunk(row.id, tuple(person.id for person in group)), group) for row, group in zip(rows, groups, strict=True)
    ]


def _row(asked: Claim, group: Sequence[Person]) -> EmailChunk:
    return EmailChunk(
        organization_id=db.require_organization_id(),
        email_id=asked.email_id,
        people=len(group),
        attempts=1,
        first_tried_at=utcnow(),
        lease_id=asked.lease_id,
    )


def _groups(people: Sequence[Person], batch: int) -> Iterator[tuple[Person, ...]]:
    """Those who were in a batch that was refused go alone: see `verdicts`."""
    yield from ((person,) for person in people if person.tries)
    yield from map(tuple, slices_of([person for person in people if not person.tries], batch))


def slices_of(people: Sequence[Person], size: int) -> Iterator[Sequence[Person]]:
    """So many at a time."""
    return (people[start : start + size] for start in range(0, len(people), size))


def _due(email_id: uuid.UUID, count: int) -> list[Person]:
    """The next people who may be sent to at this moment; those who may not are left out for good."""
    rows = db.session.execute(
        select(
            EmailRecipient.id,
            EmailRecipient.address,
            EmailRecipient.variables,
            EmailRecipient.address_key,
            EmailRecipient.attempts,
        )
        .where(
            EmailRecipient.email_id == email_id,
            EmailRecipient.status == Status.PENDING,
            or_(EmailRecipient.not_before.is_(None), EmailRecipient.not_before <= utcnow()),
        )
        .order_by(EmailRecipient.id)
        .limit(count + SPARE)
    ).all()
    people = [Person(*row) for row in rows]
    why = silent_keys({person.key for person in people})
    _leave_out([person for person in people if person.key in why], why)
    return [person for person in people if person.key not in why][:count]


def _leave_out(people: Sequence[Person], why: Mapping[str, str]) -> None:
    now = utcnow()
    update_rows(
        EmailRecipient,
        [
            {
                "id": person.id,
                "status": Status.SKIPPED,
                "error_code": why[person.key],
                "error_message": reasons.explain(why[person.key]).title,
                "updated_at": now,
            }
            for person in people
        ],
    )


def any_begun(email_id: uuid.UUID) -> bool:
    """True if there is a chunk of which nobody knows what came."""
    with db.read_only():
        open_one = select(EmailChunk.id).where(EmailChunk.email_id == email_id, EmailChunk.settled_at.is_(None))
        return db.session.scalar(open_one.limit(1)) is not None


def next_due(email_id: uuid.UUID) -> datetime | None:
    """When there is something to do next (now, or past, for what is due), None if nothing is left."""
    with db.read_only():
        moments = [
            row[0] or utcnow()
            for query in (
                select(EmailRecipient.not_before).where(
                    EmailRecipient.email_id == email_id, EmailRecipient.status == Status.PENDING
                ),
                select(EmailChunk.not_before).where(EmailChunk.email_id == email_id, EmailChunk.settled_at.is_(None)),
            )
            if (row := db.session.execute(_first(query)).first())
        ]
    return min(moments, default=None)


def _first(query: Any) -> Any:
    return query.order_by(query.selected_columns[0].asc().nulls_first()).limit(1)

"""Choosing who is next, and marking them `sending` just before the request is written.

After a crash the mark tells who may have got the message: people still `pending` got nothing, people marked `sending`
may have. So it is committed before the request, for a group of a tenth of a second, only while this worker holds the
job, and only for those who may be sent to at this moment.
"""

import hashlib
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select, update
from sqlalchemy.orm import aliased

from adsapp.campaigns import ledger, reasons
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.sending.message import CampaignMessage
from adsapp.contacts import opt_outs
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.base import Channel
from adsapp.jobs import Progress
from adsapp.outbound.statuses import OutboundStatus

# One message every 6 s to one person, whichever campaigns they come from (the provider answers 131056 otherwise).
PAIR_SECONDS = 6.0


@dataclass(frozen=True)
class Candidate:
    """Somebody who is due."""

    id: int
    person_key: str
    attempts: int
    payload: Mapping[str, Any]


@dataclass(frozen=True)
class Marked:
    """The campaign's status at that moment, and who may be sent to now."""

    status: OutboundStatus
    ids: frozenset[int]


def next_candidates(
    campaign_id: uuid.UUID, message: CampaignMessage, channel: Channel, taken: Collection[int], count: int
) -> list[Candidate]:
    """Up to `count` recipients who are due and not among `taken`, in the ledger's order. Ends its transaction.

    A message that cannot be built fails here, before anything is promised to anyone; who got another campaign's message
    a moment ago is put off.
    """
    alone, rows = _read_due(campaign_id, count + len(taken))
    found: list[Candidate] = []
    recent = set() if alone else _postpone(campaign_id, {row.id: row.person_key for row in rows if row.id not in taken})
    for row in rows:
        if row.id in taken or row.id in recent or len(found) == count:
            continue
        try:
            payload = channel.prepare(message.to(row.id, row.phone or row.wa_user_id or "", row.variables))
        except ValueError as error:
            _fail(campaign_id, row.id, str(error))
            continue
        found.append(Candidate(row.id, row.person_key, row.attempts, payload))
    return found


def _read_due(campaign_id: uuid.UUID, limit: int) -> tuple[bool, Sequence[Any]]:
    with db.read_only():
        alone = _is_alone(campaign_id)
        query = select(
            CampaignRecipient.id,
            CampaignRecipient.phone,
            CampaignRecipient.wa_user_id,
            CampaignRecipient.person_key,
            CampaignRecipient.attempts,
            CampaignRecipient.variables,
        ).where(
            CampaignRecipient.campaign_id == campaign_id,
            CampaignRecipient.status == Status.PENDING,
            or_(CampaignRecipient.not_before.is_(None), CampaignRecipient.not_before <= utcnow()),
        )
        rows = db.session.execute(query.order_by(CampaignRecipient.id).limit(limit)).all()
        return alone, rows


def _postpone(campaign_id: uuid.UUID, persons: dict[int, str]) -> set[int]:
    """Put off those who got a message a moment ago, in a transaction of its own; who they are."""
    left = dict(persons)
    with ledger.locked(campaign_id):
        _postpone_recent(campaign_id, left)
        db.session.commit()
    return persons.keys() - left.keys()


def _fail(campaign_id: uuid.UUID, recipient_id: int, why: str) -> None:
    with ledger.locked(campaign_id):
        code, now = reasons.CANNOT_BUILD, utcnow()
        _set([recipient_id], status=Status.FAILED, error_code=code, error_message=why, failed_at=now)
        db.session.commit()


def mark(
    campaign_id: uuid.UUID,
    message: CampaignMessage,
    candidates: Sequence[Candidate],
    lease_id: uuid.UUID,
    progress: Progress,
) -> Marked:
    """Mark these `sending`, apart from who must not get it now; raises LeaseLost."""
    status = ledger.lock_status(campaign_id)
    if status is not OutboundStatus.SENDING:
        db.session.rollback()
        return Marked(status, frozenset())
    persons = {candidate.id: candidate.person_key for candidate in candidates}
    _hold(persons.values())
    _skip_opted_out(persons)
    if message.text is not None:
        _skip_outside_window(persons)
    if not _is_alone(campaign_id):
        _postpone_recent(campaign_id, persons)
    marked = _mark(persons, lease_id)
    progress.commit()
    return Marked(status, marked)


def _hold(persons: Iterable[str]) -> None:
    """Whoever marks the same people in another campaign waits, and then sees these marks. Others do not wait: a sender
    that is stopped in this transaction must not hold up its whole number."""
    owner = db.current_organization_id()
    keys = (hashlib.blake2b(f"{owner} {person}".encode(), digest_size=8).digest() for person in persons)
    db.hold_keys(db.session.connection(), keys)


def _mark(persons: dict[int, str], lease_id: uuid.UUID) -> frozenset[int]:
    if not persons:
        return frozenset()
    now = utcnow()
    return frozenset(
        db.session.scalars(
            update(CampaignRecipient)
            .where(CampaignRecipient.id.in_(persons), CampaignRecipient.status == Status.PENDING)
            .values(
                status=Status.SENDING,
                lease_id=lease_id,
                sending_at=now,
                updated_at=now,
                error_message=None,
                attempts=CampaignRecipient.attempts + 1,
            )
            .returning(CampaignRecipient.id),
            execution_options={"synchronize_session": False},
        )
    )


def _skip_opted_out(persons: dict[int, str]) -> None:
    silent = opt_outs.persons_out(persons.values())
    _skip([one for one, person in persons.items() if person in silent], reasons.OPTED_OUT, persons)


def _skip_outside_window(persons: dict[int, str]) -> None:
    since = utcnow() - reasons.SERVICE_WINDOW
    late = db.session.scalars(
        select(CampaignRecipient.id)
        .join(Contact, Contact.id == CampaignRecipient.contact_id)
        .where(
            CampaignRecipient.id.in_(persons),
            or_(Contact.last_inbound_at.is_(None), Contact.last_inbound_at < since),
        )
    )
    _skip(list(late), reasons.OUTSIDE_WINDOW, persons)


def _skip(ids: list[int], code: str, persons: dict[int, str]) -> None:
    if not ids:
        return
    _set(ids, status=Status.SKIPPED, error_code=code, error_message=reasons.explain(code).title)
    for one in ids:
        persons.pop(one)


def _postpone_recent(campaign_id: uuid.UUID, persons: dict[int, str]) -> None:
    if not persons:
        return
    now = utcnow()
    spelled = aliased(Contact)
    recent = db.session.execute(
        select(spelled.person_key, func.max(CampaignRecipient.sending_at))
        .join(CampaignRecipient, CampaignRecipient.contact_id == spelled.id)
        .where(
            spelled.person_key.in_(set(persons.values())),
            CampaignRecipient.campaign_id != campaign_id,
            CampaignRecipient.sending_at > now - timedelta(seconds=PAIR_SECONDS),
        )
        .group_by(spelled.person_key)
    ).all()
    last: dict[str, datetime] = {person: at for person, at in recent if at is not None}
    for one, person in list(persons.items()):
        if person in last:
            _set([one], not_before=last[person] + timedelta(seconds=PAIR_SECONDS))
            persons.pop(one)


def _set(ids: Iterable[int], **values: object) -> None:
    db.session.execute(
        update(CampaignRecipient)
        .where(CampaignRecipient.id.in_(list(ids)), CampaignRecipient.status == Status.PENDING)
        .values(updated_at=utcnow(), **values),
        execution_options={"synchronize_session": False},
    )


def _is_alone(campaign_id: uuid.UUID) -> bool:
    """True if no other campaign of the organization sends, or has sent in the last seconds."""
    just_now = utcnow() - timedelta(seconds=PAIR_SECONDS)
    others = (
        select(Campaign.id)
        .where(
            Campaign.id != campaign_id,
            or_(
                Campaign.status.in_([OutboundStatus.PREPARING, OutboundStatus.SENDING, OutboundStatus.PAUSED]),
                Campaign.finished_at > just_now,
            ),
        )
        .limit(1)
    )
    return db.session.scalar(others) is None

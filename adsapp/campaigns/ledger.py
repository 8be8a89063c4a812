"""The ledger of recipients: read under a lock, changed, written back in one statement for a whole batch.

One statement, because the counters follow the rows by triggers: on PostgreSQL once a statement. Whoever changes rows
locks the campaign first (`lock`), so that writers of one campaign queue up and never wait in a circle.
"""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, exists, func, or_, select

from adsapp.campaigns.models import Campaign, CampaignCount, CampaignRecipient, InboundMessage
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.integrations.statuses import Milestones
from adsapp.outbound.statuses import OutboundStatus

MILESTONES = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")


class Counted(NamedTuple):
    """So many recipients have this status for this reason ("" for none)."""

    status: Status
    error_code: str
    people: int


def is_recipient() -> ColumnElement[bool]:
    """SQL, in a statement about `Contact`: is this one in the ledger of any campaign, or did they write to us?"""
    own, theirs = CampaignRecipient, InboundMessage
    return or_(
        exists().where(own.organization_id == Contact.organization_id, own.contact_id == Contact.id),
        exists().where(theirs.organization_id == Contact.organization_id, theirs.contact_id == Contact.id),
    )


def counted(campaign_id: uuid.UUID, round: int | None = None) -> list[Counted]:
    """A campaign's recipients by status and reason, from its counters: all, or those of one round."""
    columns = (CampaignCount.status, CampaignCount.error_code)
    of_round = [] if round is None else [CampaignCount.round == round]
    rows = db.session.execute(
        select(*columns, func.sum(CampaignCount.count))
        .where(CampaignCount.campaign_id == campaign_id, *of_round)
        .group_by(*columns)
    )
    return [Counted(status, code, int(people)) for status, code, people in rows]


@dataclass(slots=True)
class RecipientState:
    """One recipient as it is now; change it, then `save`."""

    id: int
    campaign_id: uuid.UUID
    contact_id: uuid.UUID
    phone: str
    status: Status
    error_code: str
    error_message: str | None
    attempts: int
    not_before: datetime | None
    lease_id: uuid.UUID | None
    provider_id: str | None
    accepted_at: datetime | None
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    failed_at: datetime | None
    price_category: str | None
    price_type: str | None
    price_model: str | None
    billable: bool | None

    @property
    def milestones(self) -> Milestones:
        """How far it has come."""
        return Milestones(**{name: getattr(self, name) for name in MILESTONES})


COLUMNS = tuple(getattr(CampaignRecipient, name) for name in RecipientState.__dataclass_fields__)
# What is written back: all but what a recipient is for good.
SAVED = [name for name in RecipientState.__dataclass_fields__ if name not in ("campaign_id", "contact_id", "phone")]


def lock(campaign_ids: Iterable[uuid.UUID]) -> dict[uuid.UUID, Campaign]:
    """Lock these campaigns to the end of the transaction, in one order for everybody; they come back read afresh."""
    db.session.flush()  # what is read afresh loses what was changed before
    found = db.session.scalars(
        select(Campaign)
        .where(Campaign.id.in_(set(campaign_ids)))
        .order_by(Campaign.id)
        .with_for_update(key_share=True)
        .execution_options(populate_existing=True)
    )
    return {campaign.id: campaign for campaign in found}


@contextmanager
def locked(campaign_id: uuid.UUID) -> Iterator[Campaign | None]:
    """The campaign, locked and read afresh; None if there is none. What the block does not commit is rolled back."""
    try:
        yield lock([campaign_id]).get(campaign_id)
    finally:
        db.session.rollback()


def lock_status(campaign_id: uuid.UUID) -> OutboundStatus:
    """Lock a campaign to the end of the transaction; its status then."""
    return db.session.execute(
        select(Campaign.status).where(Campaign.id == campaign_id).with_for_update(key_share=True)
    ).scalar_one()


def load(ids: Iterable[int]) -> dict[int, RecipientState]:
    """The recipients of these ids, by id; those of other organizations are not there."""
    rows = db.session.execute(select(*COLUMNS).where(CampaignRecipient.id.in_(list(ids))))
    return {row.id: RecipientState(*row) for row in rows}


def save(entries: Sequence[RecipientState]) -> None:
    """Write changed entries back."""
    now = utcnow()
    update_rows(CampaignRecipient, [_as_row(entry, now) for entry in entries])


def _as_row(entry: RecipientState, now: datetime) -> dict[str, Any]:
    return {name: getattr(entry, name) for name in SAVED} | {"updated_at": now}

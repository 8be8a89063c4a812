"""The ledger of recipients: read under a lock, changed, written back in one statement for a whole batch.

One statement, because the counters follow the rows by triggers: on PostgreSQL once a statement. Whoever changes rows
locks the campaign first (`lock`), so that writers of one campaign queue up and never wait in a circle.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import TextClause, inspect, select, text

from adsapp.campaigns.models import Campaign, CampaignRecipient, CampaignStatus
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.integrations.models import Account
from adsapp.integrations.statuses import Milestones

MILESTONES = ("accepted_at", "sent_at", "delivered_at", "read_at", "failed_at")


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

    @property
    def milestones(self) -> Milestones:
        """How far it has come."""
        return Milestones(**{name: getattr(self, name) for name in MILESTONES})


COLUMNS = tuple(getattr(CampaignRecipient, name) for name in RecipientState.__dataclass_fields__)


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


def lock_with_account(campaign_id: uuid.UUID) -> CampaignStatus:
    """Lock a campaign together with its account, so that campaigns on one account see whom the others just marked."""
    return db.session.execute(
        select(Campaign.status)
        .join(Account, Account.id == Campaign.account_id)
        .where(Campaign.id == campaign_id)
        .with_for_update(of=[Campaign, Account], key_share=True)
    ).scalar_one()


def load(ids: Iterable[int]) -> dict[int, RecipientState]:
    """The recipients of these ids, by id; those of other organizations are not there."""
    rows = db.session.execute(select(*COLUMNS).where(CampaignRecipient.id.in_(list(ids))))
    return {row.id: RecipientState(*row) for row in rows}


def save(entries: Sequence[RecipientState]) -> None:
    """Write changed entries back."""
    if not entries:
        return
    distributed = db.session().get_bind().dialect.name == "postgresql"
    db.session.execute(
        _POSTGRESQL if distributed else _SQLITE,
        {
            "rows": json.dumps([_as_json(entry, distributed) for entry in entries]),
            "organization_id": _id(db.require_organization_id(), distributed),
            "now": _moment(utcnow(), distributed),
        },
        execution_options={"names_organization": True},
    )


_KINDS = {
    "status": "text",
    "error_code": "text",
    "error_message": "text",
    "attempts": "smallint",
    "not_before": "timestamptz",
    "lease_id": "uuid",
    "provider_id": "text",
    **dict.fromkeys(MILESTONES, "timestamptz"),
}


def _column(name: str) -> str:
    return inspect(CampaignRecipient).columns[name].name


def _statement(source: str, mine: str) -> TextClause:
    sets = ", ".join(f"{_column(name)} = v.{name}" for name in _KINDS)
    return text(
        f"update campaign_recipients set {sets}, updated_at = :now from {source} "  # noqa: S608  # names of our own
        f"where campaign_recipients.id = v.id and {mine} = :organization_id"
    )


_POSTGRESQL = _statement(
    "jsonb_to_recordset(cast(:rows as jsonb)) as v(id bigint, "
    + ", ".join(f"{name} {kind}" for name, kind in _KINDS.items())
    + ")",
    "campaign_recipients.organization_id",
)
_READ = ", ".join(f"json_extract(value, '$.{name}') as {name}" for name in ("id", *_KINDS))
_SQLITE = _statement(
    f"(select {_READ} from json_each(:rows)) as v",  # noqa: S608  # likewise
    # The plus keeps SQLite from walking all rows of the organization: each row is found by its key.
    "+campaign_recipients.organization_id",
)


def _as_json(entry: RecipientState, distributed: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"id": entry.id}
    for name, kind in _KINDS.items():
        value = getattr(entry, name)
        if kind == "timestamptz":
            value = _moment(value, distributed)
        elif kind == "uuid":
            value = _id(value, distributed)
        row[name] = value
    return row


def _moment(value: datetime | None, distributed: bool) -> str | None:
    """As the database keeps it: SQLite as text without a zone."""
    if value is None:
        return None
    value = value.astimezone(UTC)
    return value.isoformat() if distributed else value.replace(tzinfo=None).isoformat(" ", "microseconds")


def _id(value: uuid.UUID | None, distributed: bool) -> str | None:
    if value is None:
        return None
    return str(value) if distributed else value.hex

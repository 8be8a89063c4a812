"""Who looks at the past, and what else stands on the first page: people, workers, campaigns and imports."""

import uuid
from dataclasses import dataclass
from datetime import timedelta

from flask import Flask
from sqlalchemy import insert

from adsapp.campaigns.models import Campaign, CampaignRecipient, RecipientStatus
from adsapp.contacts.models import Import, ImportStatus
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations.models import Account
from adsapp.jobs import Queue
from adsapp.jobs.models import Worker
from adsapp.organizations import service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role
from adsapp.outbound.statuses import OutboundStatus
from tests.cast import add_organization

EMAIL, PASSWORD = "alice@example.com", "correct horse"  # of throwaway servers
OTHERS = 4
CAMPAIGNS, RECIPIENTS, IMPORTS = 60, 100, 60
NAMED = 8  # of each, as what jobs are about
DELIVERED = ((RecipientStatus.READ, 70), (RecipientStatus.DELIVERED, 97), (RecipientStatus.FAILED, RECIPIENTS))


@dataclass(frozen=True)
class Scenery:
    """The organizations (the first is Alice's), a token of hers, and some of her campaigns and imports."""

    organizations: tuple[uuid.UUID, ...]
    token: str
    campaigns: tuple[uuid.UUID, ...]
    imports: tuple[uuid.UUID, ...]


def prepare(app: Flask) -> Scenery:
    """Make all of it, committed."""
    mine, others = "harbour", [f"other-{n}" for n in range(OTHERS)]
    ids = tuple(add_organization(app, slug) for slug in (mine, *others))
    with db.organization_context(app, ids[0]):
        service.add_member(service.create_user(EMAIL, "Alice", PASSWORD), Role.OWNER, NOBODY)
        token = service.create_token("bench", Role.OWNER, by=NOBODY)
        db.session.commit()
    _employ_workers()
    with db.organization_context(app, ids[0]):
        account = _account(ids[0])
        campaigns = [_campaign(ids[0], account, number) for number in range(CAMPAIGNS)]
        imports = [_import(ids[0], number) for number in range(IMPORTS)]
        db.session.commit()
    return Scenery(ids, token, tuple(campaigns[:NAMED]), tuple(imports[:NAMED]))


def _employ_workers() -> None:
    """One that serves all queues, alive for a day without giving a sign: what runs beside it would be measured too."""
    later = utcnow() + timedelta(days=1)
    names = [queue.value for queue in Queue]
    with db.engine_transaction() as connection:
        connection.execute(
            insert(Worker).values(
                id=new_id(), host="harbour", pid=1, version="0", queues=names, started_at=later, heartbeat_at=later
            )
        )


def _account(organization_id: uuid.UUID) -> uuid.UUID:
    sealed = db.SecretText.of("bench")
    account = Account(
        organization_id=organization_id,
        name="Harbour line",
        phone_number_id="1",
        waba_id="2",
        token=sealed,
        app_secret=sealed,
        verify_token=sealed,
        messages_per_second=12.5,
    )
    db.session.add(account)
    db.session.flush()
    return account.id


def _campaign(organization_id: uuid.UUID, account: uuid.UUID, number: int) -> uuid.UUID:
    ended = utcnow() - timedelta(days=number + 2)
    campaign = Campaign(
        id=new_id(),
        organization_id=organization_id,
        name=f"Spring offer {number}",
        account_id=account,
        status=OutboundStatus.COMPLETED,
        audience_size=RECIPIENTS,
        created_by="Alice",
        started_at=ended,
        finished_at=ended,
    )
    db.session.add(campaign)
    db.session.flush()
    rows = [_recipient(organization_id, campaign.id, place) for place in range(RECIPIENTS)]
    db.session.execute(insert(CampaignRecipient), rows)
    return campaign.id


def _recipient(organization_id: uuid.UUID, campaign_id: uuid.UUID, place: int) -> dict[str, object]:
    return {
        "organization_id": organization_id,
        "campaign_id": campaign_id,
        "contact_id": new_id(),
        "phone": f"+1555{place:07}",
        "person_key": f"1555{place:07}",
        "status": next(status for status, below in DELIVERED if place < below),
    }


def _import(organization_id: uuid.UUID, number: int) -> uuid.UUID:
    ended = utcnow() - timedelta(days=number + 2)
    made = Import(
        id=new_id(),
        organization_id=organization_id,
        status=ImportStatus.COMPLETED,
        file_name=f"customers-{number}.csv",
        path=f"{number}.csv",
        sha256="0" * 64,
        size_bytes=1000,
        rows_read=1000,
        created=1000,
        created_by="Alice",
        created_at=ended,
        finished_at=ended,
    )
    db.session.add(made)
    return made.id

"""Who got a campaign a short while ago: said before another one starts, and left out if that is asked for.

How long "a short while" is, the organization says (`contact_gap_hours`, 24 by default; 0 says nothing).
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, false, or_, select

from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.organizations.models import Organization

# Whoever failed got nothing; whoever is uncertain may have got it.
GOT = (Status.SENDING, Status.ACCEPTED, Status.SENT, Status.DELIVERED, Status.READ, Status.UNCERTAIN)


def organization_hours() -> int:
    """For how many hours after a campaign the organization wants to be told."""
    hours = select(Organization.contact_gap_hours).where(Organization.id == db.require_organization_id())
    return db.session.scalar(hours) or 0


def got_campaign(hours: int, template_name: str = "", *, before: datetime | None = None) -> ColumnElement[bool]:
    """SQL: the person of this contact got some campaign, or one with this template, in the hours before this moment,
    or before now."""
    since = (before or utcnow()) - timedelta(hours=hours)
    campaigns = _campaigns_since(since, template_name) if hours else ()
    return Contact.person_key.in_(_persons(campaigns, since)) if campaigns else false()


def persons_who_got_one(person_keys: Collection[str], hours: int, other_than: uuid.UUID) -> set[str]:
    """Those of these persons who got a campaign in the last hours, apart from this one."""
    since = utcnow() - timedelta(hours=hours)
    campaigns = [one for one in _campaigns_since(since) if one != other_than] if hours else []
    if not campaigns:
        return set()
    found = _persons(campaigns, since).where(CampaignRecipient.person_key.in_(person_keys))
    return set(db.session.scalars(found))


def _persons(campaigns: Sequence[uuid.UUID], since: datetime) -> Select[str]:
    return select(CampaignRecipient.person_key).where(
        CampaignRecipient.organization_id == db.require_organization_id(),
        CampaignRecipient.campaign_id.in_(campaigns),
        CampaignRecipient.status.in_(GOT),
        CampaignRecipient.sending_at > since,
    )


def _campaigns_since(since: datetime, template_name: str = "") -> Sequence[uuid.UUID]:
    """Few as a rule: the others are not looked at, however many people they had."""
    query = select(Campaign.id).where(
        Campaign.started_at.is_not(None), or_(Campaign.finished_at.is_(None), Campaign.finished_at > since)
    )
    if template_name:
        query = query.where(Campaign.template_name == template_name)
    return db.session.scalars(query).all()

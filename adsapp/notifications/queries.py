"""Who wants to be told what."""

import uuid

from sqlalchemy import select

from adsapp.core import db
from adsapp.notifications.choices import CHOICES
from adsapp.notifications.models import NotificationChoice
from adsapp.organizations.models import Membership


def wanted_by(member: Membership) -> dict[str, bool]:
    """By kind, whether this member is told: as chosen, else as is usual for the role."""
    chosen = _chosen(member.user_id)
    return {each.kind: chosen.get(each.kind, each.is_usual_for(member.role)) for each in CHOICES}


def _chosen(user_id: uuid.UUID) -> dict[str, bool]:
    mine = select(NotificationChoice.kind, NotificationChoice.wanted).where(NotificationChoice.user_id == user_id)
    return {row.kind: row.wanted for row in db.session.execute(mine)}

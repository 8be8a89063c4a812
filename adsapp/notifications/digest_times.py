"""At which hour of their own day members get the digest, and who is due."""

import uuid
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import or_, select, update

from adsapp.core import db
from adsapp.core.errors import FieldError, Invalid
from adsapp.notifications.letters import Digest
from adsapp.notifications.models import DigestTime, NotificationChoice
from adsapp.organizations.auditing import By
from adsapp.organizations.models import Membership

USUAL_HOUR: Final = 8


def digest_time(member: Membership) -> DigestTime:
    """As the member has it, or as it usually is; what is usual is not kept."""
    found = db.session.get(DigestTime, (member.organization_id, member.user_id))
    return found or DigestTime(
        organization_id=member.organization_id, user_id=member.user_id, hour=USUAL_HOUR, zone="UTC", on_empty_days=False
    )


def set_time(member: Membership, hour: int, zone: str, *, on_empty_days: bool, now: datetime, by: By) -> None:
    """Send it at this hour from now on. Raises Invalid with the fields."""
    wrong = []
    if not 0 <= hour <= 23:
        wrong.append(FieldError("hour", "should be an hour from 0 to 23"))
    if zone not in available_timezones():
        wrong.append(FieldError("zone", f"There is no time zone “{zone}”; write it like Europe/Madrid"))
    if wrong:
        raise Invalid("; ".join(each.message for each in wrong), fields=wrong)
    row = digest_time(member)
    if (row.hour, row.zone, row.on_empty_days) == (hour, zone, on_empty_days) and row.told_on is not None:
        return
    row.hour, row.zone, row.on_empty_days = hour, zone, on_empty_days
    here = now.astimezone(ZoneInfo(zone))
    # What is chosen in the afternoon begins tomorrow; who had it today gets no second one.
    if here.hour >= hour or (row.told_on is not None and row.told_on > here.date()):
        row.told_on = here.date()
    db.session.merge(row)
    by.audit("set digest time", f"member:{member.user_id}", title=member.user.email, hour=hour, zone=zone)


def due(now: datetime) -> Sequence[DigestTime]:
    """Members who want the digest, whose hour has come today and who have not had it today."""
    wanted = select(NotificationChoice.user_id).where(
        NotificationChoice.kind == Digest.kind, NotificationChoice.wanted.is_(True)
    )
    people = db.session.scalars(wanted).all()
    if not people:
        return []
    kept = {row.user_id: row for row in db.session.scalars(select(DigestTime).where(DigestTime.user_id.in_(people)))}
    times = [kept.get(each) or _usual(each) for each in people]
    return [each for each in times if _is_due(each, now)]


def _usual(user_id: uuid.UUID) -> DigestTime:
    owner = db.require_organization_id()
    row = DigestTime(organization_id=owner, user_id=user_id, hour=USUAL_HOUR, zone="UTC", on_empty_days=False)
    db.session.add(row)
    db.session.flush()
    return row


def _is_due(each: DigestTime, now: datetime) -> bool:
    here = now.astimezone(ZoneInfo(each.zone))
    return here.hour >= each.hour and (each.told_on is None or each.told_on < here.date())


def take(each: DigestTime, now: datetime) -> bool:
    """True for the one who is to send today's."""
    today = now.astimezone(ZoneInfo(each.zone)).date()
    mine = update(DigestTime).where(
        DigestTime.user_id == each.user_id, or_(DigestTime.told_on.is_(None), DigestTime.told_on < today)
    )
    return bool(db.session.execute(mine.values(told_on=today).returning(DigestTime.user_id)).all())

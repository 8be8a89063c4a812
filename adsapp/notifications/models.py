"""What members have chosen to be told, or not to be."""

import uuid
from datetime import date

from sqlalchemy import Date, ForeignKeyConstraint, SmallInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.db import Base, Tenant


class NotificationChoice(Tenant, Base):
    """One kind of letter for one member; without a row, what is usual for their role counts (`choices`)."""

    __tablename__ = "notification_choices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)  # the membership names it
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40), primary_key=True)
    wanted: Mapped[bool]


class DigestTime(Tenant, Base):
    """When a member gets the digest: an hour of their own day; without a row, USUAL_HOUR in UTC."""

    __tablename__ = "digest_times"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            ondelete="CASCADE",
        ),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True, sort_order=-10)
    user_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    hour: Mapped[int] = mapped_column(SmallInteger)
    zone: Mapped[str] = mapped_column(String(60))
    on_empty_days: Mapped[bool]  # a line that says so; else nothing is sent
    told_on: Mapped[date | None] = mapped_column(Date)  # their own day of the last one

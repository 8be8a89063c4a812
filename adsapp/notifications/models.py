"""What members have chosen to be told, or not to be."""

import uuid

from sqlalchemy import ForeignKeyConstraint, String
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

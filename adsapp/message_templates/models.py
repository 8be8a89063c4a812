"""The table of message templates, as the provider has them."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, Json, ShortText, Tenant
from adsapp.core.ids import new_id


class MessageTemplate(Tenant, Base):
    """A template in one language; its components exactly as approved."""

    __tablename__ = "message_templates"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "account_id", "name", "language"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[uuid.UUID]
    provider_id: Mapped[str] = mapped_column(String(40), default="")
    name: Mapped[str] = mapped_column(String(512))
    language: Mapped[str] = mapped_column(String(20))
    category: Mapped[str] = mapped_column(String(40), default="")
    status: Mapped[str] = mapped_column(String(40))  # the provider's word: APPROVED, PENDING, REJECTED, PAUSED, …
    status_reason: Mapped[str | None]
    quality: Mapped[str] = mapped_column(ShortText, default="")
    parameter_format: Mapped[str] = mapped_column(String(20), default="POSITIONAL")
    components: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    synced_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def is_approved(self) -> bool:
        """Only approved templates can be sent."""
        return self.status.upper() == "APPROVED"

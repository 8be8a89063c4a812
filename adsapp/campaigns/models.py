"""Tables of campaigns, their ledger of recipients, and what people answer."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Identity, Index, SmallInteger, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, Json, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id
from adsapp.jobs import Priority
from adsapp.outbound.statuses import OutboundStatus


class RecipientStatus(StrEnum):
    """How far one person of a campaign is (design: Sending)."""

    PENDING = "pending"
    SENDING = "sending"  # marked just before the request is written
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"  # the request may or may not have arrived; never sent again by itself

    @property
    def is_to_go(self) -> bool:
        """True while its request is still to be written or answered."""
        return self in (RecipientStatus.PENDING, RecipientStatus.SENDING)


FAILED_LATER = sql("status = 'failed' and accepted_at is not null")  # as the index has it, word for word
LATER_ROUND = sql("round > 1")  # likewise


class Campaign(Tenant, Base):
    """One message to many people."""

    __tablename__ = "campaigns"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"], ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"]
        ),
        UniqueConstraint("organization_id", "id"),
        Index("ix_campaigns_list", "organization_id", "id"),
        Index("ix_campaigns_by_status", "organization_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)
    account_id: Mapped[uuid.UUID]
    job_id: Mapped[uuid.UUID | None]  # the job that sends it: the first, or that of its last round
    # Sending again after the end is another round with a job of its own, which counts the people of that round.
    round: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")
    status: Mapped[OutboundStatus] = mapped_column(text_enum(OutboundStatus))
    status_reason: Mapped[str | None]
    template_name: Mapped[str] = mapped_column(String(512), default="")
    template_language: Mapped[str] = mapped_column(String(20), default="")
    parameter_format: Mapped[str] = mapped_column(String(20), default="POSITIONAL")
    components: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # as approved when it was started
    template_category: Mapped[str] = mapped_column(String(20), default="")  # what it counted as when it was started
    text: Mapped[str | None]  # instead of a template, inside the 24-hour window
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.CRITICAL)
    audience_size: Mapped[int | None]  # once frozen
    frozen_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_by_id: Mapped[uuid.UUID | None]  # the person, who is told how it ends; None if it was a program
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    replied_count: Mapped[int] = mapped_column(default=0)
    opted_out_count: Mapped[int] = mapped_column(default=0)
    watched_from: Mapped[dict[str, Any] | None]  # the counts from which on bad endings are watched (sending/breaker)


class CampaignRecipient(Tenant, Base):
    """The ledger: one row for one person of a campaign, from pending to read."""

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "campaign_id"], ["campaigns.organization_id", "campaigns.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "campaign_id", "person_key"),
        Index("ix_campaign_recipients_status", "organization_id", "campaign_id", "status", "id"),
        Index("ix_campaign_recipients_list", "organization_id", "campaign_id", "id"),
        Index("ix_campaign_recipients_wamid", "organization_id", "provider_id"),
        Index("ix_campaign_recipients_contact", "organization_id", "contact_id", "id"),
        Index(
            "ix_campaign_recipients_due",
            "organization_id",
            "campaign_id",
            "not_before",
            "id",
            postgresql_where=sql("status = 'pending'"),
            sqlite_where=sql("status = 'pending'"),
        ),
        Index(
            "ix_campaign_recipients_failed_later",
            "organization_id",
            "campaign_id",
            postgresql_where=FAILED_LATER,
            sqlite_where=FAILED_LATER,
        ),
        Index(
            "ix_campaign_recipients_round",
            "organization_id",
            "campaign_id",
            "round",
            "id",
            postgresql_where=LATER_ROUND,
            sqlite_where=LATER_ROUND,
        ),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)  # sent along as a message's reference
    campaign_id: Mapped[uuid.UUID]
    round: Mapped[int] = mapped_column(SmallInteger, default=1, server_default="1")  # the last one it was sent in
    contact_id: Mapped[uuid.UUID]
    phone: Mapped[str] = mapped_column(String(20))  # where it is sent to; "" for somebody known by user id only
    wa_user_id: Mapped[str | None] = mapped_column(String(140))
    person_key: Mapped[str] = mapped_column(String(20))
    name: Mapped[str] = mapped_column(ShortText, default="")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as rendered
    status: Mapped[RecipientStatus] = mapped_column(text_enum(RecipientStatus))
    error_code: Mapped[str] = mapped_column(String(40), default="")
    error_message: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None]
    lease_id: Mapped[uuid.UUID | None]  # of the slice that marked it sending
    # The provider's id of the message. The column has the name that WhatsApp gives it.
    provider_id: Mapped[str | None] = mapped_column("wamid", String(200), key="provider_id")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    sending_at: Mapped[datetime | None]
    accepted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    replied_at: Mapped[datetime | None]
    # What the provider said it charges this message by: in its words, from the report that counts (`statuses`).
    price_category: Mapped[str | None] = mapped_column(String(40))
    price_type: Mapped[str | None] = mapped_column(String(40))
    price_model: Mapped[str | None] = mapped_column(String(20))
    billable: Mapped[bool | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class CampaignCount(Tenant, Base):
    """Recipients by round, status and error code, kept by triggers: equal to the ledger at every instant."""

    __tablename__ = "campaign_counts"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    round: Mapped[int] = mapped_column(SmallInteger, primary_key=True, default=1, server_default="1")
    status: Mapped[RecipientStatus] = mapped_column(text_enum(RecipientStatus), primary_key=True)
    error_code: Mapped[str] = mapped_column(String(40), primary_key=True)
    count: Mapped[int] = mapped_column(BigId, default=0)


class MessageMinute(Tenant, Base):
    """In which minute how many messages of a campaign were accepted, delivered and failed; kept by triggers."""

    __tablename__ = "message_minutes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "campaign_id"], ["campaigns.organization_id", "campaigns.id"], ondelete="CASCADE"
        ),
        Index("ix_message_minutes_minute", "organization_id", "minute"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    campaign_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered: Mapped[int] = mapped_column(default=0, server_default="0")
    failed: Mapped[int] = mapped_column(default=0, server_default="0")
    refused: Mapped[int] = mapped_column(default=0, server_default="0")  # of the failed those never accepted


class CampaignEvent(Tenant, Base):
    """What happened to a campaign, for people: started, slowed, paused, settled."""

    __tablename__ = "campaign_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "campaign_id"], ["campaigns.organization_id", "campaigns.id"], ondelete="CASCADE"
        ),
        Index("ix_campaign_events_campaign", "organization_id", "campaign_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    campaign_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(default=utcnow)
    text: Mapped[str]
    by: Mapped[str] = mapped_column(ShortText, default="")


class ParkedStatus(Tenant, Base):
    """A status of a message we do not know yet; applied when our own response is stored."""

    __tablename__ = "parked_statuses"
    __table_args__ = (Index("ix_parked_statuses_wamid", "organization_id", "provider_id"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    provider_id: Mapped[str] = mapped_column("wamid", String(200), key="provider_id")
    event: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(default=utcnow)


class InboundMessage(Tenant, Base):
    """What a person wrote to the business."""

    __tablename__ = "inbound_messages"
    __table_args__ = (
        UniqueConstraint("organization_id", "account_id", "provider_id"),
        Index("ix_inbound_messages_contact", "organization_id", "contact_id", "id"),
        Index("ix_inbound_messages_at", "organization_id", "at"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    provider_id: Mapped[str] = mapped_column("wamid", String(200), key="provider_id")
    from_number: Mapped[str] = mapped_column(String(20))
    from_user_id: Mapped[str | None] = mapped_column(String(140))
    contact_id: Mapped[uuid.UUID | None]
    recipient_id: Mapped[int | None] = mapped_column(BigId)  # the campaign message it answers
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(default="")
    at: Mapped[datetime]

"""Tables of e-mails: what is sent, the ledger of its people, the chunks it is sent in, and who gets none."""

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


class EmailRecipientStatus(StrEnum):
    """How far one person's e-mail is, by rank: a later report never moves it down."""

    PENDING = "pending"
    SENDING = "sending"  # in a chunk that is, or may be, on its way
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BOUNCED = "bounced"
    COMPLAINED = "complained"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNCERTAIN = "uncertain"  # its chunk got no answer as long as the provider remembers its key

    @property
    def is_to_go(self) -> bool:
        """True while it is still to be written or answered."""
        return self in (EmailRecipientStatus.PENDING, EmailRecipientStatus.SENDING)


class SuppressionReason(StrEnum):
    """Why an address gets no e-mail."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBED = "unsubscribed"
    MANUAL = "manual"


class EmailTemplate(Tenant, Base):
    """A subject and its bodies, kept to be used again. `variables` is where their values come from by default, in the
    form of `message_templates.placeholders`."""

    __tablename__ = "email_templates"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "name"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)
    subject: Mapped[str]
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")  # "": made from the HTML
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[int] = mapped_column(default=1)  # raised by each change: two who edit it at once are told
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class Email(Tenant, Base):
    """One e-mail to many people. Everything that goes into a request is frozen here when it is made: the same chunk
    must make the same bytes after a crash, or its key is refused (docs/adr/0024)."""

    __tablename__ = "emails"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"], ["email_accounts.organization_id", "email_accounts.id"]
        ),
        UniqueConstraint("organization_id", "id"),
        Index("ix_emails_by_status", "organization_id", "status", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)  # for us; the subject if none is given
    account_id: Mapped[uuid.UUID]
    template_id: Mapped[uuid.UUID | None]  # it was made from; its text is copied
    job_id: Mapped[uuid.UUID | None]
    status: Mapped[OutboundStatus] = mapped_column(text_enum(OutboundStatus))
    status_reason: Mapped[str | None]
    paused_until: Mapped[datetime | None]  # paused by itself until then: a daily quota renews
    sender: Mapped[str]  # "Name <address>"
    reply_to: Mapped[str] = mapped_column(default="")
    subject: Mapped[str]
    html: Mapped[str] = mapped_column(default="")
    text: Mapped[str] = mapped_column(default="")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    tags: Mapped[dict[str, Any]] = mapped_column(Json, default=dict)  # name -> value, for the provider's statistics
    attachments: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)  # filename, content_type, content
    unsubscribe_base: Mapped[str] = mapped_column(default="")  # a person's link is this and their token; "": none
    audience: Mapped[dict[str, Any]] = mapped_column(default=dict)
    batch_size: Mapped[int] = mapped_column(SmallInteger, default=10)
    priority: Mapped[int] = mapped_column(SmallInteger, default=Priority.CRITICAL)
    audience_size: Mapped[int | None]  # once frozen
    unsubscribed: Mapped[int] = mapped_column(default=0, server_default="0")  # recipients, by its link
    frozen_at: Mapped[datetime | None]
    scheduled_at: Mapped[datetime | None]
    time_zone: Mapped[str] = mapped_column(String(60), default="UTC")
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]


class EmailChunk(Tenant, Base):
    """The people of one request, decided once: after a crash it goes again to the same people under the same key."""

    __tablename__ = "email_chunks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "email_id"], ["emails.organization_id", "emails.id"], ondelete="CASCADE"
        ),
        Index(
            "ix_email_chunks_open",
            "organization_id",
            "email_id",
            "id",
            postgresql_where=sql("settled_at is null"),
            sqlite_where=sql("settled_at is null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    email_id: Mapped[uuid.UUID]
    people: Mapped[int] = mapped_column(SmallInteger)
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None]
    first_tried_at: Mapped[datetime | None]  # from then on the provider knows its key, for 24 hours
    lease_id: Mapped[uuid.UUID | None]  # of the slice that sends it
    settled_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)


class EmailRecipient(Tenant, Base):
    """The ledger: one row for one address of an e-mail, from pending to what became of it."""

    __tablename__ = "email_recipients"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "email_id"], ["emails.organization_id", "emails.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "email_id", "address_key"),
        Index("ix_email_recipients_status", "organization_id", "email_id", "status", "id"),
        Index("ix_email_recipients_list", "organization_id", "email_id", "id"),
        Index("ix_email_recipients_chunk", "organization_id", "email_id", "chunk_id", "id"),
        Index("ix_email_recipients_provider", "organization_id", "provider_id"),
        Index("ix_email_recipients_contact", "organization_id", "contact_id", "id"),
        Index("ix_email_recipients_address", "organization_id", "address_key", "id"),
        Index(
            "ix_email_recipients_unsubscribed",
            "organization_id",
            "email_id",
            "id",
            postgresql_where=sql("unsubscribed_at is not null"),
            sqlite_where=sql("unsubscribed_at is not null"),
        ),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    email_id: Mapped[uuid.UUID]
    contact_id: Mapped[uuid.UUID | None]  # None for an address that was given
    address: Mapped[str] = mapped_column(String(320))  # as it is sent to
    address_key: Mapped[str] = mapped_column(String(320))  # one for all spellings of it
    name: Mapped[str] = mapped_column(ShortText, default="")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)  # as rendered
    status: Mapped[EmailRecipientStatus] = mapped_column(text_enum(EmailRecipientStatus))
    error_code: Mapped[str] = mapped_column(String(60), default="")
    error_message: Mapped[str | None]
    attempts: Mapped[int] = mapped_column(SmallInteger, default=0)
    not_before: Mapped[datetime | None]
    chunk_id: Mapped[int | None] = mapped_column(BigId)
    provider_id: Mapped[str | None] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    accepted_at: Mapped[datetime | None]
    sent_at: Mapped[datetime | None]
    delayed_at: Mapped[datetime | None]  # the last soft bounce; it may arrive still
    delivered_at: Mapped[datetime | None]
    opened_at: Mapped[datetime | None]
    clicked_at: Mapped[datetime | None]
    bounced_at: Mapped[datetime | None]
    complained_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    unsubscribed_at: Mapped[datetime | None]
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class EmailCount(Tenant, Base):
    """Recipients by status and error code, kept by triggers: equal to the ledger at every instant."""

    __tablename__ = "email_counts"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    status: Mapped[EmailRecipientStatus] = mapped_column(text_enum(EmailRecipientStatus), primary_key=True)
    error_code: Mapped[str] = mapped_column(String(60), primary_key=True)
    count: Mapped[int] = mapped_column(BigId, default=0)


class EmailMinute(Tenant, Base):
    """In which minute how many of an e-mail's people were accepted, delivered and bounced; kept by triggers."""

    __tablename__ = "email_minutes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "email_id"], ["emails.organization_id", "emails.id"], ondelete="CASCADE"
        ),
        Index("ix_email_minutes_minute", "organization_id", "minute"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    email_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    minute: Mapped[datetime] = mapped_column(primary_key=True)
    accepted: Mapped[int] = mapped_column(default=0, server_default="0")
    delivered: Mapped[int] = mapped_column(default=0, server_default="0")
    bounced: Mapped[int] = mapped_column(default=0, server_default="0")


class EmailEvent(Tenant, Base):
    """What happened to an e-mail, for people: started, paused, its quota was used up."""

    __tablename__ = "email_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "email_id"], ["emails.organization_id", "emails.id"], ondelete="CASCADE"
        ),
        Index("ix_email_events_list", "organization_id", "email_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    email_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(default=utcnow)
    text: Mapped[str]
    by: Mapped[str] = mapped_column(ShortText, default="")


class Suppression(Tenant, Base):
    """An address that gets no e-mail from this organization, and why. The first reason stays."""

    __tablename__ = "suppressions"
    __table_args__ = (
        UniqueConstraint("organization_id", "address_key"),
        Index("ix_suppressions_list", "organization_id", "id"),
        Index("ix_suppressions_reason", "organization_id", "reason", "id"),
        Index("ix_suppressions_to_sync", "organization_id", "told_at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    address: Mapped[str] = mapped_column(String(320))
    address_key: Mapped[str] = mapped_column(String(320))
    reason: Mapped[SuppressionReason] = mapped_column(text_enum(SuppressionReason))
    detail: Mapped[str] = mapped_column(default="")
    email_id: Mapped[uuid.UUID | None]  # the e-mail it came of
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    told_at: Mapped[datetime | None]  # the provider knows it since; None: still to be told


class SuppressionCount(Tenant, Base):
    """Suppressions by reason, kept by triggers."""

    __tablename__ = "suppression_counts"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    reason: Mapped[SuppressionReason] = mapped_column(text_enum(SuppressionReason), primary_key=True)
    count: Mapped[int] = mapped_column(BigId, default=0)


class ParkedEmailEvent(Tenant, Base):
    """A report of an e-mail we do not know yet; applied once our own answer is stored."""

    __tablename__ = "parked_email_events"
    __table_args__ = (Index("ix_parked_email_events_provider", "organization_id", "provider_id"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    provider_id: Mapped[str] = mapped_column(String(80))
    event: Mapped[dict[str, Any]]
    received_at: Mapped[datetime] = mapped_column(default=utcnow)

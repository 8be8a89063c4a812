"""Tables of provider accounts and of what providers deliver to us."""

import uuid
from datetime import datetime
from email.utils import formataddr
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Identity, Index, String, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, Json, Sealed, SecretText, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id
from adsapp.integrations.events import Source


class AccountStatus(StrEnum):
    """Whether the provider lets us send."""

    ACTIVE = "active"
    REFUSED = "refused"  # the token or a right was refused; a person must act


class Account(Tenant, Base):
    """An account that sends: until there is another provider, a business phone number at the WhatsApp Cloud API."""

    __tablename__ = "whatsapp_accounts"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "phone_number_id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)
    phone_number_id: Mapped[str] = mapped_column(String(40))
    waba_id: Mapped[str] = mapped_column(String(40))
    display_phone_number: Mapped[str] = mapped_column(String(30), default="")
    token: Mapped[SecretText]
    app_secret: Mapped[SecretText]
    verify_token: Mapped[SecretText]
    messages_per_second: Mapped[float]
    status: Mapped[AccountStatus] = mapped_column(text_enum(AccountStatus), default=AccountStatus.ACTIVE)
    status_reason: Mapped[str | None]
    slowed_until: Mapped[datetime | None]
    slowed_reason: Mapped[str | None]
    unreachable_since: Mapped[datetime | None]  # until something is answered again
    unreachable_at: Mapped[datetime | None]  # the last time that nothing was
    unreachable_reason: Mapped[str | None]
    # What the provider reports, in its words; None until it does.
    quality: Mapped[str | None] = mapped_column(String(20))
    messaging_limit: Mapped[str | None] = mapped_column(String(40))
    restriction: Mapped[str | None]  # in sentences, while there is one
    pricing_tiers: Mapped[dict[str, Any] | None] = mapped_column(Json)  # by category and market
    sandbox_url: Mapped[str | None]  # the sandbox it lives at; never sent to WhatsApp, whoever works on it
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def provider(self) -> str:
        """Its folder in `integrations`; a column once there is a second."""
        return "whatsapp"

    @property
    def source(self) -> Source:
        """What the provider's webhooks call it."""
        return Source(self.waba_id, self.phone_number_id)

    def has_number(self, number: str) -> bool:
        """True if this is its number, however it is written."""
        own, asked = ("".join(filter(str.isdecimal, each)) for each in (self.display_phone_number, number))
        return bool(own) and own == asked


class NoticeLevel(StrEnum):
    """How bad a notice is."""

    GOOD = "good"  # ends the attention that an earlier one raised
    WARNING = "warning"
    BAD = "bad"


class ProviderNotice(Tenant, Base):
    """Something the provider told us of an account or its templates, in words for people. Rows are only added; the
    newest about one thing is the one that holds."""

    __tablename__ = "provider_notices"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            ondelete="CASCADE",
        ),
        Index("ix_provider_notices_at", "organization_id", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(default=utcnow)
    kind: Mapped[str] = mapped_column(String(40))  # a word of `events.NoticeKind`
    about: Mapped[str] = mapped_column(String(540), default="")  # which template, market …; "" for the account itself
    level: Mapped[NoticeLevel] = mapped_column(text_enum(NoticeLevel))
    title: Mapped[str]
    text: Mapped[str] = mapped_column(default="")


class WebhookDelivery(Tenant, Base):
    """A verified webhook body, raw, stored before it is answered; the same bytes are kept once."""

    __tablename__ = "webhook_deliveries"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "account_id", "digest"),
        Index(
            "ix_webhook_deliveries_open",
            "organization_id",
            "account_id",
            "id",
            postgresql_where=sql("applied_at is null"),
            sqlite_where=sql("applied_at is null"),
        ),
        Index("ix_webhook_deliveries_received", "organization_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    digest: Mapped[str] = mapped_column(String(64))
    body: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(default=utcnow)
    applied_at: Mapped[datetime | None]
    error: Mapped[str | None]


class EmailAccount(Tenant, Base):
    """A sender of e-mail at Resend: the key it sends by, whom mails are from, how fast, and what holds it up.

    `limit_requests` is the provider's own limit of requests a second as its last answer said it.
    """

    __tablename__ = "email_accounts"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "name"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)
    api_key: Mapped[SecretText]
    webhook_secret: Mapped[SecretText | None] = mapped_column(Sealed(SecretText))  # None: its webhook is not set up
    sender_name: Mapped[str] = mapped_column(ShortText, default="")
    sender_address: Mapped[str] = mapped_column(String(320))
    reply_to: Mapped[str] = mapped_column(String(320), default="")
    emails_per_second: Mapped[float] = mapped_column(default=10.0)
    batch_size: Mapped[int] = mapped_column(default=10)
    limit_requests: Mapped[float | None]
    tracks_opens: Mapped[bool] = mapped_column(default=False)
    tracks_clicks: Mapped[bool] = mapped_column(default=False)
    status: Mapped[AccountStatus] = mapped_column(text_enum(AccountStatus), default=AccountStatus.ACTIVE)
    status_reason: Mapped[str | None]
    quota_until: Mapped[datetime | None]  # the daily quota is used up, and renews then
    quota_reason: Mapped[str | None]
    unreachable_since: Mapped[datetime | None]  # until something is answered again
    unreachable_at: Mapped[datetime | None]  # the last time that nothing was
    unreachable_reason: Mapped[str | None]
    sandbox_url: Mapped[str | None]  # the sandbox it lives at; never sent to Resend, whoever works on it
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    removed_at: Mapped[datetime | None]  # it sends no more; what it sent keeps its row

    @property
    def provider(self) -> str:
        """Its folder in `integrations`."""
        return "resend"

    @property
    def sender(self) -> str:
        """Whom its mails are from, as a header has it."""
        return formataddr((self.sender_name, self.sender_address))


class EmailWebhook(Tenant, Base):
    """A verified webhook body about e-mails, raw, stored before it is answered; one id is kept once."""

    __tablename__ = "email_webhooks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["email_accounts.organization_id", "email_accounts.id"],
            ondelete="CASCADE",
        ),
        UniqueConstraint("organization_id", "account_id", "delivery_id"),
        Index(
            "ix_email_webhooks_open",
            "organization_id",
            "account_id",
            "id",
            postgresql_where=sql("applied_at is null"),
            sqlite_where=sql("applied_at is null"),
        ),
        Index("ix_email_webhooks_received", "organization_id", "received_at"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    account_id: Mapped[uuid.UUID]
    delivery_id: Mapped[str] = mapped_column(String(200))  # as the provider names it (`svix-id`)
    body: Mapped[bytes]
    received_at: Mapped[datetime] = mapped_column(default=utcnow)
    applied_at: Mapped[datetime | None]
    error: Mapped[str | None]

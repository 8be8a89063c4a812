"""Tables of organizations and of the people and programs that act in them.

Who may come in is read before an organization is known: by a key, see `AtTheDoor` and docs/adr/0020.
"""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, ForeignKey, Identity, Index, Select, String, UniqueConstraint, select
from sqlalchemy.orm import Mapped, mapped_column, relationship

from adsapp.core.clock import utcnow
from adsapp.core.db import AtTheDoor, Base, BigId, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id


class Role(StrEnum):
    """What a member may do, from most to least (design: Roles)."""

    OWNER = "owner"
    ADMIN = "admin"
    AGENT = "agent"
    VIEWER = "viewer"


class Organization(AtTheDoor, Base):
    """A team with its own contacts, templates, campaigns and jobs."""

    __tablename__ = "organizations"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    slug: Mapped[str] = mapped_column(ShortText, unique=True)
    name: Mapped[str] = mapped_column(ShortText)
    default_country: Mapped[str] = mapped_column(String(2))
    contact_gap_hours: Mapped[int] = mapped_column(default=24, server_default="24")  # see campaigns/lately
    # Set by whoever runs the installation: all numbers, or all e-mail accounts, together. None: no cap.
    most_messages_per_second: Mapped[float | None]
    most_emails_per_second: Mapped[float | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.id == organization_id


class User(AtTheDoor, Base):
    """A person who signs in; may belong to several organizations."""

    __tablename__ = "users"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    email: Mapped[str] = mapped_column(ShortText, unique=True)
    name: Mapped[str] = mapped_column(ShortText)
    password_hash: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_organization_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey("organizations.id"))

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.id.in_(_members(organization_id))


class Membership(AtTheDoor, Base):
    """A user's role in an organization."""

    __tablename__ = "memberships"

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), primary_key=True)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    organization: Mapped[Organization] = relationship(lazy="joined")
    user: Mapped[User] = relationship(lazy="joined")

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.organization_id == organization_id


def _members(organization_id: uuid.UUID) -> Select[uuid.UUID]:
    table = Membership.__table__.c
    return select(table.user_id).where(table.organization_id == organization_id)


class UserSession(AtTheDoor, Base):
    """A browser in which somebody is signed in. What its cookie holds is not kept, only the SHA-256 of it."""

    __tablename__ = "sessions"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    user_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("users.id"), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_seen_at: Mapped[datetime] = mapped_column(default=utcnow)  # written now and then: see SEEN_EVERY
    address: Mapped[str] = mapped_column(String(45))  # where it was begun from
    browser: Mapped[str] = mapped_column(ShortText)  # as it calls itself

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.user_id.in_(_members(organization_id))


class SignInFailures(Base):
    """Wrong passwords from one place. `key` is a digest of the place, so the table tells of nobody."""

    __tablename__ = "sign_in_failures"

    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    failures: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(index=True)
    until: Mapped[datetime]  # no password is looked at before


class ApiToken(AtTheDoor, Base):
    """A program's key to one organization; only its SHA-256 is kept."""

    __tablename__ = "api_tokens"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), index=True)
    name: Mapped[str] = mapped_column(ShortText)
    prefix: Mapped[str] = mapped_column(String(16))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    role: Mapped[Role] = mapped_column(text_enum(Role))
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    last_used_at: Mapped[datetime | None]  # written now and then: see SEEN_EVERY
    expires_at: Mapped[datetime | None]

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.organization_id == organization_id


class AuditEvent(Tenant, Base):
    """Who did what to what, how many, why. Rows are only ever added."""

    __tablename__ = "audit_events"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        Index("ix_audit_events_at", "organization_id", "at", "id"),
        Index("ix_audit_events_kind", "organization_id", "kind", "at", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    at: Mapped[datetime] = mapped_column(default=utcnow)
    actor: Mapped[str] = mapped_column(ShortText)
    action: Mapped[str] = mapped_column(ShortText)
    # Empty in rows written before the column existed: they appear in the list of all kinds only.
    kind: Mapped[str] = mapped_column(String(20), server_default="")  # of the subject: job, campaign, queue, …
    subject: Mapped[str] = mapped_column(ShortText)  # its kind and id, "campaign:<id>"; "jobs" if it is several
    title: Mapped[str] = mapped_column(ShortText, server_default="")  # the subject's name at that time
    reason: Mapped[str] = mapped_column(server_default="")  # as the actor gave it
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    address: Mapped[str] = mapped_column(String(45), server_default="")  # where they did it from; empty: on the server

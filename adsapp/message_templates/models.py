"""The tables of message templates, as the provider has them, and of what they read like for many people."""

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Identity, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, Json, ShortText, Tenant
from adsapp.core.ids import new_id
from adsapp.jobs.models import Job


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
    sample_file_id: Mapped[uuid.UUID | None]  # the kept file it was reviewed with; it may have been deleted since

    @property
    def is_approved(self) -> bool:
        """Only approved templates can be sent."""
        return self.status.upper() == "APPROVED"


class TemplateChange(Tenant, Base):
    """Another status, category or quality of a template, as it was told. `what` names the column."""

    __tablename__ = "template_changes"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "template_id"],
            ["message_templates.organization_id", "message_templates.id"],
            ondelete="CASCADE",
        ),
        Index("ix_template_changes_template", "organization_id", "template_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    template_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(default=utcnow)
    what: Mapped[str] = mapped_column(String(20))
    before: Mapped[str] = mapped_column(String(40), default="")
    after: Mapped[str] = mapped_column(String(40), default="")
    reason: Mapped[str] = mapped_column(default="")
    told_by: Mapped[str] = mapped_column(String(20), default="")  # webhook, sync, or here


class HeaderFile(Tenant, Base):
    """A picture, video or document for a template's header, kept here: the provider forgets its copies after a while.

    `account_id`, `provider_id` and `uploaded_at` are of its last upload for messages; `sample_handle` names its upload
    as a template's sample.
    """

    __tablename__ = "header_files"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "sha256"),
        Index("ix_header_files_list", "organization_id", "kind", "id"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(20))  # IMAGE, VIDEO, DOCUMENT
    name: Mapped[str] = mapped_column(ShortText)
    content_type: Mapped[str] = mapped_column(String(100))
    size_bytes: Mapped[int] = mapped_column(BigId)
    sha256: Mapped[str] = mapped_column(String(64))
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    account_id: Mapped[uuid.UUID | None]
    provider_id: Mapped[str] = mapped_column(ShortText, default="")
    uploaded_at: Mapped[datetime | None]
    sample_handle: Mapped[str] = mapped_column(default="")


WAITING, RENDERED, FAILED = "waiting", "rendered", "failed"  # what became of a row


class Rendering(Tenant, Base):
    """A template rendered for an audience or for rows that were given; it keeps its own copy of the template.

    rendered + failed = the rows that are through, at every commit. `position` is where the next attempt goes on: behind
    this contact, or behind this row.
    """

    __tablename__ = "renderings"
    __table_args__ = (UniqueConstraint("organization_id", "id"), Index("ix_renderings_list", "organization_id", "id"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[uuid.UUID | None]
    template_name: Mapped[str] = mapped_column(String(512))
    template_language: Mapped[str] = mapped_column(String(20))
    parameter_format: Mapped[str] = mapped_column(String(20))
    components: Mapped[list[dict[str, Any]]] = mapped_column(Json, default=list)
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    audience: Mapped[dict[str, Any] | None]  # None if rows were given
    total: Mapped[int | None]
    position: Mapped[str] = mapped_column(ShortText, default="")
    rendered: Mapped[int] = mapped_column(default=0)
    failed: Mapped[int] = mapped_column(default=0)
    failed_by_code: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    forgotten_at: Mapped[datetime | None]  # since when its rows are gone
    job: Mapped[Job | None] = relationship(
        primaryjoin="foreign(Rendering.job_id) == Job.id", viewonly=True, lazy="select"
    )


class RenderingRow(Tenant, Base):
    """What became of one person or row. `given` is a row as it was given; `variables`: values by key."""

    __tablename__ = "rendering_rows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "rendering_id"], ["renderings.organization_id", "renderings.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "rendering_id", "number"),
        Index("ix_rendering_rows_outcome", "organization_id", "rendering_id", "outcome", "number"),
        Index("ix_rendering_rows_contact", "organization_id", "rendering_id", "contact_id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(sort_order=-10)  # the rows it belongs to name it
    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    rendering_id: Mapped[uuid.UUID]
    number: Mapped[int]  # from 1, in the order of the contacts or of the rows
    contact_id: Mapped[uuid.UUID | None]  # they may have been deleted since
    name: Mapped[str] = mapped_column(ShortText, default="")
    phone: Mapped[str] = mapped_column(ShortText, default="")
    outcome: Mapped[str] = mapped_column(String(20))  # waiting, rendered, failed
    code: Mapped[str] = mapped_column(ShortText, default="")
    variable: Mapped[str] = mapped_column(ShortText, default="")  # the key of the first that is to blame
    message: Mapped[str] = mapped_column(default="")
    variables: Mapped[dict[str, Any]] = mapped_column(default=dict)
    given: Mapped[dict[str, Any] | None]

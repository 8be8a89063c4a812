"""Tables of contacts, their tags, their consent, and the imports that brought them."""

import uuid
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKeyConstraint, Identity, Index, String, UniqueConstraint, false
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column, relationship

from adsapp.contacts.identity import number_of
from adsapp.core.clock import utcnow
from adsapp.core.db import Base, BigId, Json, ShortText, Tenant, text_enum
from adsapp.core.ids import new_id
from adsapp.jobs import Job, State


class Contact(Tenant, Base):
    """A person, identified by phone number: one row for each E.164 number of an organization.

    Somebody who is known by the provider's user id only has that id's key instead of a number (`identity.user_key`).
    """

    __tablename__ = "contacts"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        UniqueConstraint("organization_id", "phone"),
        Index("ix_contacts_person", "organization_id", "person_key"),
        Index(
            "ix_contacts_wa_id",
            "organization_id",
            "wa_id",
            postgresql_where=sql("wa_id is not null"),
            sqlite_where=sql("wa_id is not null"),
        ),
        Index(
            "ix_contacts_wa_user_id",
            "organization_id",
            "wa_user_id",
            postgresql_where=sql("wa_user_id is not null"),
            sqlite_where=sql("wa_user_id is not null"),
        ),
        Index("ix_contacts_name", "organization_id", "name", "id"),
        Index(
            "ix_contacts_email_out",
            "organization_id",
            "email",
            postgresql_where=sql("opted_out_at is not null"),
            sqlite_where=sql("opted_out_at is not null"),
        ),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    phone: Mapped[str] = mapped_column(String(20))  # E.164, as given
    person_key: Mapped[str] = mapped_column(String(20))  # the same for all contacts that are one person
    wa_id: Mapped[str | None] = mapped_column(String(20))  # as the provider calls the number
    wa_user_id: Mapped[str | None] = mapped_column(
        String(140)
    )  # the provider's id of the person, with or without number
    moved_to: Mapped[str | None] = mapped_column(String(20))  # the number the person has now, if the provider said so
    moved_at: Mapped[datetime | None]
    name: Mapped[str] = mapped_column(ShortText, default="")  # the whole name, as written
    first_name: Mapped[str] = mapped_column(ShortText, default="")
    last_name: Mapped[str] = mapped_column(ShortText, default="")
    email: Mapped[str] = mapped_column(ShortText, default="")  # in small letters
    email_typed: Mapped[str] = mapped_column(ShortText, default="", server_default="")  # with its capitals, if any
    language: Mapped[str] = mapped_column(String(20), default="")
    country: Mapped[str] = mapped_column(String(2), default="")
    attributes: Mapped[dict[str, Any]] = mapped_column(default=dict)
    opted_out_at: Mapped[datetime | None]
    opt_out_source: Mapped[str | None] = mapped_column(ShortText)
    last_inbound_at: Mapped[datetime | None]
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)

    @property
    def display_name(self) -> str:
        """The name as written, else first and last, else empty."""
        return self.name or f"{self.first_name} {self.last_name}".strip()

    @property
    def number(self) -> str:
        """The number that messages go to: the new one if the person has moved; "" if none is known."""
        return number_of(self.phone, self.moved_to)


class ContactCount(Tenant, Base):
    """Contacts of an organization, kept by triggers."""

    __tablename__ = "contact_counts"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(BigId, default=0)


class Tag(Tenant, Base):
    """A label for contacts, unique by name in an organization."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("organization_id", "id"), UniqueConstraint("organization_id", "name"))

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(ShortText)


class ContactTag(Tenant, Base):
    """A tag on a contact."""

    __tablename__ = "contact_tags"
    __table_args__ = (
        ForeignKeyConstraint(["organization_id", "tag_id"], ["tags.organization_id", "tags.id"], ondelete="CASCADE"),
        ForeignKeyConstraint(
            ["organization_id", "contact_id"], ["contacts.organization_id", "contacts.id"], ondelete="CASCADE"
        ),
        Index("ix_contact_tags_contact", "organization_id", "contact_id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(sort_order=-10)  # the rows it belongs to name it
    tag_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)


class OptSource(StrEnum):
    """How consent changed."""

    KEYWORD = "keyword"  # the person wrote STOP or its like
    BUTTON = "button"
    PREFERENCES = "preferences"  # the person's settings in WhatsApp
    PROVIDER = "provider"  # a message was refused with 131050
    HAND = "by hand"
    IMPORT = "import"
    API = "api"


class OptEvent(Tenant, Base):
    """One change of a contact's consent. Rows are only added; the contact has the current state."""

    __tablename__ = "opt_events"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "contact_id"], ["contacts.organization_id", "contacts.id"], ondelete="CASCADE"
        ),
        Index("ix_opt_events_contact", "organization_id", "contact_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    contact_id: Mapped[uuid.UUID]
    at: Mapped[datetime] = mapped_column(default=utcnow)
    opted_out: Mapped[bool]
    source: Mapped[OptSource] = mapped_column(text_enum(OptSource))
    detail: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(ShortText, default="")


class Consent(Tenant, Base):
    """What somebody has said about messages, kept under each key of the person, whether they are a contact or not.

    It wins over the contacts' own columns, which are copies for lists: whoever becomes a contact later meets it.
    """

    __tablename__ = "consents"

    organization_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    person_key: Mapped[str] = mapped_column(String(20), primary_key=True)  # of a number or of a user id
    opted_out_at: Mapped[datetime | None]  # None: agreed again
    source: Mapped[OptSource] = mapped_column(text_enum(OptSource))
    detail: Mapped[str] = mapped_column(default="")
    by: Mapped[str] = mapped_column(ShortText, default="")
    updated_at: Mapped[datetime] = mapped_column(default=utcnow)


class ImportStatus(StrEnum):
    """The status of an import.

    Its own row stores the first four only. Whether it failed or was cancelled is stored by its job alone, so that the
    two can never disagree; `Import.standing` combines them.
    """

    MAPPING = "mapping"  # uploaded; a person has yet to confirm the columns
    QUEUED = "queued"
    IMPORTING = "importing"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


STANDING_BY_JOB = {
    State.DELAYED: ImportStatus.QUEUED,
    State.WAITING: ImportStatus.QUEUED,
    State.ACTIVE: ImportStatus.IMPORTING,
    State.COMPLETED: ImportStatus.COMPLETED,
    State.FAILED: ImportStatus.FAILED,
    State.CANCELLED: ImportStatus.CANCELLED,
}


class Import(Tenant, Base):
    """An uploaded file and what became of its rows.

    created + updated + unchanged + duplicate + rejected = rows_read, at every commit.
    """

    __tablename__ = "imports"
    __table_args__ = (
        UniqueConstraint("organization_id", "id"),
        Index("ix_imports_list", "organization_id", "id"),
        Index("ix_imports_sha256", "organization_id", "sha256", "id"),
        Index("ix_imports_header", "organization_id", "header_key", "id"),
        Index("ix_imports_source", "organization_id", "source_key", "sha256"),
    )

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True, default=new_id)
    job_id: Mapped[uuid.UUID | None]
    status: Mapped[ImportStatus] = mapped_column(text_enum(ImportStatus))
    file_name: Mapped[str] = mapped_column(ShortText)
    path: Mapped[str]  # below the uploads directory
    sha256: Mapped[str] = mapped_column(String(64))
    size_bytes: Mapped[int] = mapped_column(BigId)
    inspection: Mapped[dict[str, Any]] = mapped_column(default=dict)
    header_key: Mapped[str] = mapped_column(String(64), default="", server_default="")  # see imports.reading.signature
    source_key: Mapped[str] = mapped_column(
        String(64), default="", server_default=""
    )  # see imports.watched; by hand: ""
    mapping: Mapped[dict[str, Any]] = mapped_column(default=dict)
    options: Mapped[dict[str, Any]] = mapped_column(default=dict)
    position: Mapped[dict[str, Any]] = mapped_column(default=dict)  # where reading continues
    rows_read: Mapped[int] = mapped_column(default=0)
    created: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    duplicate: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    opted_out: Mapped[int] = mapped_column(default=0, server_default="0")  # of its people, when their rows were read
    rejected_by_code: Mapped[dict[str, Any]] = mapped_column(default=dict)
    noted_by_code: Mapped[dict[str, Any]] = mapped_column(default=dict)  # remarks and assumptions about imported rows
    undo_kept: Mapped[bool] = mapped_column(default=False, server_default=false())  # what was before it is still known
    trial_job_id: Mapped[uuid.UUID | None]
    trial: Mapped[dict[str, Any] | None]  # what it would do, found out without doing it
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    job: Mapped[Job | None] = relationship(primaryjoin="foreign(Import.job_id) == Job.id", viewonly=True, lazy="select")
    trial_job: Mapped[Job | None] = relationship(
        primaryjoin="foreign(Import.trial_job_id) == Job.id", viewonly=True, lazy="select"
    )
    undo: Mapped["ImportUndo | None"] = relationship(
        primaryjoin="foreign(ImportUndo.import_id) == Import.id", viewonly=True, lazy="select", uselist=False
    )

    @property
    def standing(self) -> ImportStatus:
        """Its status now: from its own row before it is started and once it is completed, otherwise from its job."""
        if self.job is None or self.status in (ImportStatus.MAPPING, ImportStatus.COMPLETED):
            return self.status
        return STANDING_BY_JOB[self.job.state]

    @property
    def reason(self) -> str | None:
        """Why it failed or waits for another attempt, as a sentence."""
        return self.job.error if self.job is not None and self.standing is not ImportStatus.COMPLETED else None


class ImportSighting(Tenant, Base):
    """A file that a schedule watches, as it was when it was last looked at: one of a folder by its name, the one at an
    address without."""

    __tablename__ = "import_sightings"
    __table_args__ = (UniqueConstraint("organization_id", "source_key", "name"),)

    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    source_key: Mapped[str] = mapped_column(String(64))  # the hash of where it is
    name: Mapped[str] = mapped_column(String(255), default="")
    size_bytes: Mapped[int] = mapped_column(BigId, default=0)
    changed_ns: Mapped[int] = mapped_column(BigId, default=0)  # as the file system says
    etag: Mapped[str] = mapped_column(String(200), default="")
    last_modified: Mapped[str] = mapped_column(String(100), default="")
    sha256: Mapped[str] = mapped_column(String(64), default="")  # of what was imported; empty: nothing yet
    seen_by: Mapped[uuid.UUID | None]  # the job that looked
    seen_at: Mapped[datetime] = mapped_column(default=utcnow)


class ImportRow(Tenant, Base):
    """A row that was rejected, was a duplicate, or was imported with a remark."""

    __tablename__ = "import_rows"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "import_id"], ["imports.organization_id", "imports.id"], ondelete="CASCADE"
        ),
        UniqueConstraint("organization_id", "import_id", "row_no"),
        Index("ix_import_rows_outcome", "organization_id", "import_id", "outcome", "row_no"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(sort_order=-10)  # the rows it belongs to name it
    id: Mapped[int] = mapped_column(BigId, Identity(), primary_key=True)
    import_id: Mapped[uuid.UUID]
    row_no: Mapped[int]  # as in a spreadsheet: the header is row 1
    line: Mapped[int] = mapped_column(default=0, server_default="0")  # of the file, where it begins; 0 if not known
    contact_id: Mapped[uuid.UUID | None]  # of a duplicate: whom it repeats; they may have been deleted since
    outcome: Mapped[str] = mapped_column(String(20))  # rejected, duplicate, noted
    column: Mapped[str] = mapped_column(ShortText, default="")
    code: Mapped[str] = mapped_column(ShortText)
    also: Mapped[str] = mapped_column(default="", server_default="")  # its further codes, a blank around each
    message: Mapped[str]
    suggestion: Mapped[str] = mapped_column(default="")
    cells: Mapped[list[str]] = mapped_column(Json, default=list)


class ContactImport(Tenant, Base):
    """The contacts a file created or touched. By it, a repeated row is known as one even after a restart, and the
    import can be undone: `at` is the contact's `updated_at` as the import left it, `undo` what was there before."""

    __tablename__ = "contact_imports"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "import_id"], ["imports.organization_id", "imports.id"], ondelete="CASCADE"
        ),
        ForeignKeyConstraint(
            ["organization_id", "contact_id"], ["contacts.organization_id", "contacts.id"], ondelete="CASCADE"
        ),
        Index("ix_contact_imports_contact", "organization_id", "contact_id"),
    )

    organization_id: Mapped[uuid.UUID] = mapped_column(sort_order=-10)  # the rows it belongs to name it
    import_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    contact_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    outcome: Mapped[str] = mapped_column(String(20))  # created, updated, unchanged, skipped
    at: Mapped[datetime | None]
    undo: Mapped[dict[str, Any] | None]  # of an updated one: see imports.undo.values
    kept: Mapped[str | None] = mapped_column(String(20))  # the import was undone, but not for this one: why


class ImportUndo(Tenant, Base):
    """An import that is, or was, undone; the row is there once somebody has said so, and there is one."""

    __tablename__ = "import_undos"
    __table_args__ = (
        ForeignKeyConstraint(
            ["organization_id", "import_id"], ["imports.organization_id", "imports.id"], ondelete="CASCADE"
        ),
    )

    import_id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    job_id: Mapped[uuid.UUID | None]
    position: Mapped[uuid.UUID | None]  # the last contact that was looked at
    deleted: Mapped[int] = mapped_column(default=0)
    restored: Mapped[int] = mapped_column(default=0)
    kept_by_code: Mapped[dict[str, Any]] = mapped_column(default=dict)
    created_by: Mapped[str] = mapped_column(ShortText, default="")
    created_at: Mapped[datetime] = mapped_column(default=utcnow)
    finished_at: Mapped[datetime | None]
    job: Mapped[Job | None] = relationship(
        primaryjoin="foreign(ImportUndo.job_id) == Job.id", viewonly=True, lazy="select"
    )

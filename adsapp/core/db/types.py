"""The declarative base and the column types that mean the same on both databases."""

import uuid
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    DateTime,
    Dialect,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    Uuid,
    column,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    mapped_column,
    registry,
)
from sqlalchemy.types import TypeDecorator

from adsapp.core.db.sealed import Sealed, SecretJson, SecretText


class UtcDateTime(TypeDecorator[datetime]):
    """A moment in UTC, always with its zone; SQLite keeps none, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a zone reached the database")
        value = value.astimezone(UTC)
        return value if dialect.name == "postgresql" else value.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is UTC:  # as PostgreSQL is told to send them
            return value
        return value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)


def text_enum(kind: type[StrEnum]) -> Enum:
    """A column of a StrEnum's values, kept as text: a new member needs no migration."""
    return Enum(kind, native_enum=False, length=40, values_callable=lambda members: [m.value for m in members])


# None is no value at all, not the JSON value null.
Json = JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


class Base(DeclarativeBase):
    """Base of all tables: types by annotation, names of constraints by rule."""

    registry = registry(
        metadata=MetaData(
            naming_convention={
                "ix": "ix_%(table_name)s_%(column_0_N_name)s",
                "uq": "uq_%(table_name)s_%(column_0_N_name)s",
                "ck": "ck_%(table_name)s_%(constraint_name)s",
                "fk": "fk_%(table_name)s_%(column_0_N_name)s",
                "pk": "pk_%(table_name)s",
            }
        ),
        type_annotation_map={
            datetime: UtcDateTime(),
            uuid.UUID: Uuid(),
            str: Text(),
            bytes: LargeBinary(),
            dict[str, Any]: Json,
            list[str]: Json,
            SecretText: Sealed(SecretText),
            SecretJson: Sealed(SecretJson),
        },
    )


BigId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows in INTEGER keys only


class Owned:
    """Mixin of every table of whose rows each organization sees its own only."""

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        """SQL: the row is shown to this organization."""
        return column("organization_id", Uuid()) == organization_id


class Tenant(Owned):
    """Mixin of every table that belongs to one organization."""

    organization_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("organizations.id"), sort_order=-10)

    @classmethod
    def is_of(cls, organization_id: uuid.UUID) -> ColumnElement[bool]:
        return cls.organization_id == organization_id


class AtTheDoor(Owned):
    """Mixin of every table that says who may come in, and so is read before an organization is bound, too.

    A bound session sees its organization's own rows and those of its members; any other session what the key opens
    that was shown to it (`show_key`).
    """


ShortText = String(200)

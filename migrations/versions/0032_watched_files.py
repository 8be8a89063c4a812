"""Files that schedules watch, as they were last seen, and which imports came of them."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0032"
down_revision = "0031"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("imports", sa.Column("source_key", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("ix_imports_source", "imports", ["organization_id", "source_key", "sha256"])
    op.create_table(
        "import_sightings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("changed_ns", BIG, nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_import_sightings_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_sightings")),
        sa.UniqueConstraint(
            "organization_id", "source_key", "name", name=op.f("uq_import_sightings_organization_id_source_key_name")
        ),
    )
    isolate_table(op.get_bind(), "import_sightings")
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_table("import_sightings")
    op.drop_index("ix_imports_source", "imports")
    op.drop_column("imports", "source_key")

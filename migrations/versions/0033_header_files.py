"""Files for the headers of templates; and what became of a template's status, category and quality."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0033"
down_revision = "0032"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("message_templates", sa.Column("sample_file_id", sa.Uuid(), nullable=True))
    op.create_table(
        "template_changes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("before", sa.String(length=40), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("told_by", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "template_id"],
            ["message_templates.organization_id", "message_templates.id"],
            name=op.f("fk_template_changes_organization_id_template_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_template_changes_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_template_changes")),
    )
    op.create_index("ix_template_changes_template", "template_changes", ["organization_id", "template_id", "id"])
    op.create_table(
        "header_files",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("content_type", sa.String(length=100), nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=True),
        sa.Column("provider_id", sa.String(length=200), nullable=False),
        sa.Column("uploaded_at", UtcDateTime(), nullable=True),
        sa.Column("sample_handle", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_header_files_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_header_files")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_header_files_organization_id_id")),
        sa.UniqueConstraint("organization_id", "sha256", name=op.f("uq_header_files_organization_id_sha256")),
    )
    op.create_index("ix_header_files_list", "header_files", ["organization_id", "kind", "id"])
    for table in ("template_changes", "header_files"):
        isolate_table(op.get_bind(), table)
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_table("header_files")
    op.drop_table("template_changes")
    op.drop_column("message_templates", "sample_file_id")

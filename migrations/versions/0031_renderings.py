"""A template rendered for many people: what became of each, and where the next attempt goes on."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0031"
down_revision = "0030"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "renderings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("template_name", sa.String(length=512), nullable=False),
        sa.Column("template_language", sa.String(length=20), nullable=False),
        sa.Column("parameter_format", sa.String(length=20), nullable=False),
        sa.Column("components", JSON, nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("audience", JSON, nullable=True),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("position", sa.String(length=200), nullable=False),
        sa.Column("rendered", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("failed_by_code", JSON, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("forgotten_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_renderings_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_renderings")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_renderings_organization_id_id")),
    )
    op.create_index("ix_renderings_list", "renderings", ["organization_id", "id"])
    op.create_table(
        "rendering_rows",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("rendering_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone", sa.String(length=200), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("variable", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("given", JSON, nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "rendering_id"],
            ["renderings.organization_id", "renderings.id"],
            name=op.f("fk_rendering_rows_organization_id_rendering_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rendering_rows")),
        sa.UniqueConstraint(
            "organization_id",
            "rendering_id",
            "number",
            name=op.f("uq_rendering_rows_organization_id_rendering_id_number"),
        ),
    )
    for name, column in (("outcome", "outcome"), ("contact", "contact_id")):
        columns = ["organization_id", "rendering_id", column, *(["number"] if name == "outcome" else [])]
        op.create_index(f"ix_rendering_rows_{name}", "rendering_rows", columns)
    for table in ("renderings", "rendering_rows"):
        isolate_table(op.get_bind(), table)
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_table("rendering_rows")
    op.drop_table("renderings")

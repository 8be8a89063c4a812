"""An import keeps what was there before it, so that it can be undone; a trial of it, and the lines of its rows."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0019"
down_revision = "0018"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("contact_imports", sa.Column("at", UtcDateTime(), nullable=True))
    op.add_column("contact_imports", sa.Column("undo", JSON, nullable=True))
    op.add_column("contact_imports", sa.Column("kept", sa.String(length=20), nullable=True))
    op.add_column("imports", sa.Column("undo_kept", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.add_column("imports", sa.Column("trial_job_id", sa.Uuid(), nullable=True))
    op.add_column("imports", sa.Column("trial", JSON, nullable=True))
    op.add_column("import_rows", sa.Column("line", sa.Integer(), server_default="0", nullable=False))
    op.add_column("import_rows", sa.Column("also", sa.Text(), server_default="", nullable=False))
    op.create_index("ix_imports_sha256", "imports", ["organization_id", "sha256", "id"])
    op.create_table(
        "import_undos",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("position", sa.Uuid(), nullable=True),
        sa.Column("deleted", sa.Integer(), nullable=False),
        sa.Column("restored", sa.Integer(), nullable=False),
        sa.Column("kept_by_code", JSON, nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["imports.organization_id", "imports.id"],
            name=op.f("fk_import_undos_organization_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_import_undos_organization_id")
        ),
        sa.PrimaryKeyConstraint("import_id", name=op.f("pk_import_undos")),
    )
    isolate_table(op.get_bind(), "import_undos")
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_table("import_undos")
    op.drop_index("ix_imports_sha256", "imports")
    op.drop_column("import_rows", "also")
    op.drop_column("import_rows", "line")
    for column in ("trial", "trial_job_id", "undo_kept"):
        op.drop_column("imports", column)
    for column in ("kept", "undo", "at"):
        op.drop_column("contact_imports", column)

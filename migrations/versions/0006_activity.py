"""The audit can be listed by kind, newest first, with the subject's title; a job keeps what people did to it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import freeze_rows, isolate_table, rows_of_all
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0006"
down_revision = "0005"

JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
COLUMNS = {"kind": sa.String(length=20), "title": sa.String(length=200), "reason": sa.Text()}


def upgrade() -> None:
    for name, kind in COLUMNS.items():
        op.add_column("audit_events", sa.Column(name, kind, nullable=False, server_default=""))
    fill_in()
    op.create_index("ix_audit_events_at", "audit_events", ["organization_id", "at", "id"])
    op.create_index("ix_audit_events_kind", "audit_events", ["organization_id", "kind", "at", "id"])
    freeze_rows(op.get_bind(), "audit_events")
    op.add_column("jobs", sa.Column("steered_at", UtcDateTime(), nullable=True))
    add_job_events()
    expect_sizes(op.get_bind())


def fill_in() -> None:
    """Fill the new columns from the details of older rows."""
    connection = op.get_bind()
    is_sqlite = connection.dialect.name == "sqlite"
    kind = "substr(subject, 1, instr(subject || ':', ':') - 1)" if is_sqlite else "split_part(subject, ':', 1)"
    title, reason = (f"coalesce(details ->> '{name}', '')" for name in ("title", "reason"))
    if is_sqlite:
        title, reason = (f"coalesce(json_extract(details, '$.{name}'), '')" for name in ("title", "reason"))
    with rows_of_all(connection, "audit_events"):
        op.execute(
            f"update audit_events set kind = case subject when 'jobs' then 'job' else {kind} end, "  # ours
            f"title = substr({title}, 1, 200), reason = {reason}"
        )


def add_job_events() -> None:
    """A table for what people did to a job; its rows are deleted with the job."""
    op.create_table(
        "job_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("operation_id", sa.Uuid(), nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "job_id"],
            ["jobs.organization_id", "jobs.id"],
            name=op.f("fk_job_events_organization_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_job_events_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_events")),
    )
    op.create_index("ix_job_events_job", "job_events", ["organization_id", "job_id", "id"])
    isolate_table(op.get_bind(), "job_events", engine="select")


def downgrade() -> None:
    raise NotImplementedError("the audit would lose what it tells")

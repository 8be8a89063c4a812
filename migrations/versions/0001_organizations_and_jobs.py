"""Organizations, people and the job engine."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import count_rows, isolate_table, make_roles, share_table

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "job_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum(
                "bulk-messages",
                "contact-import",
                "template-processing",
                "email-notification",
                name="queue",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "delayed",
                "waiting",
                "active",
                "completed",
                "failed",
                "cancelled",
                name="state",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("routine", sa.Boolean(), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", "state", "routine", name=op.f("pk_job_counts")),
    )
    op.create_table(
        "organizations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("slug", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("default_country", sa.String(length=2), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_organizations")),
        sa.UniqueConstraint("slug", name=op.f("uq_organizations_slug")),
    )
    op.create_table(
        "queue_controls",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum(
                "bulk-messages",
                "contact-import",
                "template-processing",
                "email-notification",
                name="queue",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", name=op.f("pk_queue_controls")),
    )
    op.create_table(
        "stats_minute",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum(
                "bulk-messages",
                "contact-import",
                "template-processing",
                "email-notification",
                name="queue",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("minute", UtcDateTime(), nullable=False),
        sa.Column("completed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("cancelled", sa.Integer(), nullable=False),
        sa.Column("wait_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("run_ms", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", "minute", name=op.f("pk_stats_minute")),
    )
    op.create_table(
        "workers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("host", sa.String(length=200), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column(
            "queues", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("heartbeat_at", UtcDateTime(), nullable=False),
        sa.Column("stopped_at", UtcDateTime(), nullable=True),
        sa.Column("memory_mb", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workers")),
    )
    op.create_table(
        "api_tokens",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "admin", "agent", "viewer", name="role", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_used_at", UtcDateTime(), nullable=True),
        sa.Column("expires_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_api_tokens_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_tokens")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_api_tokens_token_hash")),
    )
    op.create_index(op.f("ix_api_tokens_organization_id"), "api_tokens", ["organization_id"], unique=False)
    op.create_table(
        "audit_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(length=200), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column(
            "details", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_audit_events_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_events")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_audit_events_organization_id_id")),
    )
    op.create_table(
        "job_logs",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum(
                "bulk-messages",
                "contact-import",
                "template-processing",
                "email-notification",
                name="queue",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("processor", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "delayed",
                "waiting",
                "active",
                "completed",
                "failed",
                "cancelled",
                name="state",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("error_code", sa.String(length=200), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_job_logs_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_logs")),
    )
    op.create_index("ix_job_logs_finished", "job_logs", ["organization_id", "finished_at"], unique=False)
    op.create_index(op.f("ix_job_logs_job_id"), "job_logs", ["job_id"], unique=False)
    op.create_table(
        "jobs",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "queue",
            sa.Enum(
                "bulk-messages",
                "contact-import",
                "template-processing",
                "email-notification",
                name="queue",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("processor", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "delayed",
                "waiting",
                "active",
                "completed",
                "failed",
                "cancelled",
                name="state",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("run_at", UtcDateTime(), nullable=True),
        sa.Column("wait_reason", sa.Text(), nullable=True),
        sa.Column("dedupe_key", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("dispatched_at", UtcDateTime(), nullable=True),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("max_attempts", sa.Integer(), nullable=False),
        sa.Column("timeout_seconds", sa.Integer(), nullable=False),
        sa.Column("handed_back", sa.Boolean(), nullable=False),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("lease_until", UtcDateTime(), nullable=True),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("cancel_requested_at", UtcDateTime(), nullable=True),
        sa.Column("cancel_requested_by", sa.String(length=200), nullable=True),
        sa.Column("routine", sa.Boolean(), nullable=False),
        sa.Column("progress_total", sa.Integer(), nullable=True),
        sa.Column("progress_done", sa.Integer(), nullable=False),
        sa.Column("progress_failed", sa.Integer(), nullable=False),
        sa.Column("progress_at", UtcDateTime(), nullable=True),
        sa.Column("error_code", sa.String(length=200), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column(
            "result", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=True
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_jobs_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_jobs_organization_id_id")),
    )
    op.create_index(
        "ix_jobs_by_queue",
        "jobs",
        ["organization_id", "queue", "id"],
        unique=False,
        postgresql_where=sa.text("(not routine or state = 'failed')"),
        sqlite_where=sa.text("(not routine or state = 'failed')"),
    )
    op.create_index(
        "ix_jobs_by_state",
        "jobs",
        ["organization_id", "state", "id"],
        unique=False,
        postgresql_where=sa.text("(not routine or state = 'failed')"),
        sqlite_where=sa.text("(not routine or state = 'failed')"),
    )
    op.create_index(
        "ix_jobs_list",
        "jobs",
        ["organization_id", "id"],
        unique=False,
        postgresql_where=sa.text("(not routine or state = 'failed')"),
        sqlite_where=sa.text("(not routine or state = 'failed')"),
    )
    op.create_index(
        "ix_jobs_due",
        "jobs",
        ["queue", "organization_id", "priority", "run_at"],
        unique=False,
        postgresql_where=sa.text("state in ('waiting', 'delayed') and dispatched_at is null"),
        sqlite_where=sa.text("state in ('waiting', 'delayed') and dispatched_at is null"),
    )
    op.create_index(
        "ix_jobs_dispatched",
        "jobs",
        ["dispatched_at"],
        unique=False,
        postgresql_where=sa.text("state = 'waiting'"),
        sqlite_where=sa.text("state = 'waiting'"),
    )
    op.create_index(
        "ix_jobs_lease",
        "jobs",
        ["lease_until"],
        unique=False,
        postgresql_where=sa.text("state = 'active'"),
        sqlite_where=sa.text("state = 'active'"),
    )
    op.create_index("ix_jobs_subject", "jobs", ["organization_id", "subject"], unique=False)
    op.create_index(
        "uq_jobs_dedupe",
        "jobs",
        ["organization_id", "dedupe_key"],
        unique=True,
        postgresql_where=sa.text("state in ('waiting', 'delayed') and dedupe_key is not null"),
        sqlite_where=sa.text("state in ('waiting', 'delayed') and dedupe_key is not null"),
    )
    op.create_table(
        "users",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("last_organization_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["last_organization_id"], ["organizations.id"], name=op.f("fk_users_last_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("email", name=op.f("uq_users_email")),
    )
    op.create_table(
        "job_attempts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=False),
        sa.Column("worker", sa.String(length=200), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=False),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("trace", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "job_id"],
            ["jobs.organization_id", "jobs.id"],
            name=op.f("fk_job_attempts_organization_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_job_attempts_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_attempts")),
        sa.UniqueConstraint(
            "organization_id", "job_id", "attempt", name=op.f("uq_job_attempts_organization_id_job_id_attempt")
        ),
    )
    op.create_table(
        "job_items",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "job_id"],
            ["jobs.organization_id", "jobs.id"],
            name=op.f("fk_job_items_organization_id_job_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_job_items_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_items")),
    )
    op.create_index("ix_job_items_job", "job_items", ["organization_id", "job_id", "id"], unique=False)
    op.create_table(
        "memberships",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum("owner", "admin", "agent", "viewer", name="role", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_memberships_organization_id")),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name=op.f("fk_memberships_user_id")),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_memberships")),
    )
    op.create_index(op.f("ix_memberships_user_id"), "memberships", ["user_id"], unique=False)
    protect()


def protect() -> None:
    """Keep organizations apart and the counters true."""
    connection = op.get_bind()
    make_roles(connection)
    for table in ("organizations", "users", "memberships", "api_tokens"):
        share_table(connection, table, engine="select")
    share_table(connection, "workers", engine="select, insert, update, delete")
    isolate_table(connection, "audit_events")
    for table in ("jobs", "job_attempts", "job_items", "job_logs", "job_counts", "stats_minute"):
        isolate_table(connection, table, engine="select, insert, update, delete")
    isolate_table(connection, "queue_controls", engine="select")
    count_rows(connection, "jobs", "job_counts", ["queue", "state", "routine"])


def downgrade() -> None:
    raise NotImplementedError("the first revision has nothing before it")

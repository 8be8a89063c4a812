"""Schedules, and what was made of each of their times."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0028"
down_revision = "0027"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
STATES = ("active", "paused", "overdue", "ended")
FIRES = ("started", "replacing", "skipped", "missed")


def upgrade() -> None:
    add_schedules()
    add_fires()
    connection = op.get_bind()
    isolate_table(connection, "job_schedules", engine="select, update")
    isolate_table(connection, "schedule_fires", engine="select, insert")
    expect_sizes(connection)


def downgrade() -> None:
    op.drop_table("schedule_fires")
    op.drop_table("job_schedules")


def add_schedules() -> None:
    op.create_table(
        "job_schedules",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("processor", sa.String(length=200), nullable=False),
        sa.Column("params", sa.LargeBinary(), nullable=False),
        sa.Column("when", sa.String(length=100), nullable=False),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("anchor_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Enum(*STATES, name="schedulestate", native_enum=False, length=40), nullable=False),
        sa.Column("state_reason", sa.Text(), nullable=True),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("due_since", UtcDateTime(), nullable=True),
        sa.Column("next_run_at", UtcDateTime(), nullable=True),
        sa.Column(
            "catch_up", sa.Enum("skip", "one", "all", name="catchup", native_enum=False, length=40), nullable=False
        ),
        sa.Column("catch_up_most", sa.SmallInteger(), nullable=False),
        sa.Column("grace_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "overlap",
            sa.Enum("skip", "queue", "cancel", name="overlap", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("jitter_seconds", sa.Integer(), nullable=False),
        sa.Column("ends_at", UtcDateTime(), nullable=True),
        sa.Column("ends_after", sa.Integer(), nullable=True),
        sa.Column("run_count", sa.Integer(), nullable=False),
        sa.Column("last_fire_at", UtcDateTime(), nullable=True),
        sa.Column("last_job_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_by_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_job_schedules_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_schedules")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_job_schedules_organization_id_id")),
    )
    due = sa.text("next_run_at is not null")
    op.create_index("ix_job_schedules_due", "job_schedules", ["next_run_at"], postgresql_where=due, sqlite_where=due)
    op.create_index("ix_job_schedules_state", "job_schedules", ["organization_id", "state", "id"])


def add_fires() -> None:
    op.create_table(
        "schedule_fires",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(), nullable=False),
        sa.Column("schedule_id", sa.Uuid(), nullable=False),
        sa.Column("fire_at", UtcDateTime(), nullable=False),
        sa.Column("state", sa.Enum(*FIRES, name="firestate", native_enum=False, length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column("work_job_id", sa.Uuid(), nullable=True),
        sa.Column("subject", sa.String(length=200), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("made_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_schedule_fires_organization_id")
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "schedule_id"],
            ["job_schedules.organization_id", "job_schedules.id"],
            name=op.f("fk_schedule_fires_organization_id_schedule_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schedule_fires")),
        sa.UniqueConstraint(
            "organization_id",
            "schedule_id",
            "fire_at",
            name=op.f("uq_schedule_fires_organization_id_schedule_id_fire_at"),
        ),
    )
    op.create_index("ix_schedule_fires_list", "schedule_fires", ["organization_id", "schedule_id", "id"])
    op.create_index("ix_schedule_fires_made", "schedule_fires", ["organization_id", "made_at"])
    with_job, replacing = sa.text("job_id is not null"), sa.text("state = 'replacing'")
    op.create_index(
        "ix_schedule_fires_job",
        "schedule_fires",
        ["organization_id", "job_id"],
        postgresql_where=with_job,
        sqlite_where=with_job,
    )
    op.create_index(
        "ix_schedule_fires_replacing", "schedule_fires", ["id"], postgresql_where=replacing, sqlite_where=replacing
    )

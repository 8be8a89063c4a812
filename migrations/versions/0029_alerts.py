"""Alerts: rules that were changed, incidents, channels, what was told; and when a member gets the digest."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0029"
down_revision = "0028"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
# Children before what they name, as they are dropped.
TABLES = (
    "digest_times",
    "alert_seen",
    "alert_deliveries",
    "alert_incidents",
    "alert_channels",
    "alert_rules",
)


def upgrade() -> None:
    op.create_table(
        "alert_rules",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("clears_at", sa.Double(), nullable=False),
        sa.Column("window_minutes", sa.Integer(), nullable=False),
        sa.Column("for_minutes", sa.Integer(), nullable=False),
        sa.Column("cool_down_minutes", sa.Integer(), nullable=False),
        sa.Column(
            "severity", sa.Enum("warning", "critical", name="severity", native_enum=False, length=40), nullable=False
        ),
        sa.Column("channels", JSON, nullable=True),
        sa.Column("quiet_from", sa.String(length=5), nullable=False),
        sa.Column("quiet_until", sa.String(length=5), nullable=False),
        sa.Column("quiet_zone", sa.String(length=60), nullable=False),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "kind", name=op.f("pk_alert_rules")),
    )
    op.create_table(
        "alert_watches",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("watched_at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_alert_watches")),
    )
    op.create_table(
        "alert_channels",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", sa.Enum("slack", "webhook", name="channelkind", native_enum=False, length=40), nullable=False
        ),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("address", sa.LargeBinary(), nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=True),
        sa.Column("is_on", sa.Boolean(), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_alert_channels_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_channels")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_alert_channels_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_alert_channels_organization_id_name")),
    )
    op.create_table(
        "alert_incidents",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "severity", sa.Enum("warning", "critical", name="severity", native_enum=False, length=40), nullable=False
        ),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("action", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("things", JSON, nullable=False),
        sa.Column("keys", JSON, nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("peak", sa.Integer(), nullable=False),
        sa.Column("times", sa.SmallInteger(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("last_at", UtcDateTime(), nullable=False),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("resolved_because", sa.Text(), nullable=False),
        sa.Column(
            "told",
            sa.Enum("fired", "grew", "resolved", "test", name="what", native_enum=False, length=40),
            nullable=True,
        ),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.Column("told_count", sa.Integer(), nullable=False),
        sa.Column("told_keys", JSON, nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("snoozed_until", UtcDateTime(), nullable=True),
        sa.Column("snoozed_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_alert_incidents_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_incidents")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_alert_incidents_organization_id_id")),
    )
    op.create_index("ix_alert_incidents_kind", "alert_incidents", ["organization_id", "kind", "id"], unique=False)
    op.create_index("ix_alert_incidents_list", "alert_incidents", ["organization_id", "id"], unique=False)
    op.create_index(
        "uq_alert_incidents_open",
        "alert_incidents",
        ["organization_id", "kind"],
        unique=True,
        postgresql_where=sa.text("resolved_at is null"),
        sqlite_where=sa.text("resolved_at is null"),
    )
    op.create_table(
        "alert_deliveries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("incident_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column(
            "what",
            sa.Enum("fired", "grew", "resolved", "test", name="what", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("channel", sa.String(length=40), nullable=False),
        sa.Column("channel_name", sa.String(length=200), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("body", JSON, nullable=False),
        sa.Column(
            "state",
            sa.Enum("waiting", "delivered", "refused", "failed", name="deliverystate", native_enum=False, length=40),
            nullable=False,
        ),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("replay_of", sa.Uuid(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("ended_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "incident_id"],
            ["alert_incidents.organization_id", "alert_incidents.id"],
            name=op.f("fk_alert_deliveries_organization_id_incident_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_alert_deliveries_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert_deliveries")),
    )
    op.create_index(
        "ix_alert_deliveries_channel", "alert_deliveries", ["organization_id", "channel", "id"], unique=False
    )
    op.create_index(
        "ix_alert_deliveries_incident", "alert_deliveries", ["organization_id", "incident_id", "id"], unique=False
    )
    op.create_index("ix_alert_deliveries_list", "alert_deliveries", ["organization_id", "id"], unique=False)
    op.create_table(
        "alert_seen",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            name=op.f("fk_alert_seen_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_alert_seen")),
    )
    op.create_table(
        "digest_times",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("hour", sa.SmallInteger(), nullable=False),
        sa.Column("zone", sa.String(length=60), nullable=False),
        sa.Column("on_empty_days", sa.Boolean(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            name=op.f("fk_digest_times_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", name=op.f("pk_digest_times")),
    )
    connection = op.get_bind()
    for table in TABLES:
        isolate_table(connection, table)
    isolate_table(connection, "alert_watches", engine="select, insert, update")  # whose turn it is
    expect_sizes(connection)


def downgrade() -> None:
    op.drop_table("alert_watches")
    for table in TABLES:
        op.drop_table(table)

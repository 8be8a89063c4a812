"""E-mails: accounts, what is sent, the ledger and its chunks, suppressions, and what the provider reports."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import ENGINE_ROLE, UtcDateTime
from adsapp.core.db.ddl import count_moments, count_rows, isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0023"
down_revision = "0022"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
# Children before what they name, as they are dropped.
TABLES = (
    "parked_email_events",
    "suppressions",
    "email_counts",
    "email_events",
    "email_minutes",
    "email_recipients",
    "email_chunks",
    "emails",
    "email_templates",
    "email_webhooks",
)


def upgrade() -> None:
    op.create_table(
        "email_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "accepted",
                "sent",
                "delivered",
                "opened",
                "clicked",
                "bounced",
                "complained",
                "failed",
                "skipped",
                "uncertain",
                name="emailrecipientstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("error_code", sa.String(length=60), nullable=False),
        sa.Column("count", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "email_id", "status", "error_code", name=op.f("pk_email_counts")),
    )
    op.create_table(
        "email_accounts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("api_key", sa.LargeBinary(), nullable=False),
        sa.Column("webhook_secret", sa.LargeBinary(), nullable=True),
        sa.Column("sender_name", sa.String(length=200), nullable=False),
        sa.Column("sender_address", sa.String(length=320), nullable=False),
        sa.Column("reply_to", sa.String(length=320), nullable=False),
        sa.Column("emails_per_second", sa.Double(), nullable=False),
        sa.Column("batch_size", sa.Integer(), nullable=False),
        sa.Column("limit_requests", sa.Double(), nullable=True),
        sa.Column("tracks_opens", sa.Boolean(), nullable=False),
        sa.Column("tracks_clicks", sa.Boolean(), nullable=False),
        sa.Column(
            "status", sa.Enum("active", "refused", name="accountstatus", native_enum=False, length=40), nullable=False
        ),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("quota_until", UtcDateTime(), nullable=True),
        sa.Column("quota_reason", sa.Text(), nullable=True),
        sa.Column("unreachable_since", UtcDateTime(), nullable=True),
        sa.Column("unreachable_at", UtcDateTime(), nullable=True),
        sa.Column("unreachable_reason", sa.Text(), nullable=True),
        sa.Column("sandbox_url", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_accounts_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_accounts")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_email_accounts_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_email_accounts_organization_id_name")),
    )
    op.create_table(
        "email_templates",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_templates_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_templates")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_email_templates_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_email_templates_organization_id_name")),
    )
    op.create_table(
        "parked_email_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=False),
        sa.Column("event", JSON, nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_parked_email_events_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_email_events")),
    )
    op.create_index(
        "ix_parked_email_events_provider", "parked_email_events", ["organization_id", "provider_id"], unique=False
    )
    op.create_table(
        "suppressions",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column(
            "reason",
            sa.Enum(
                "bounce", "complaint", "unsubscribed", "manual", name="suppressionreason", native_enum=False, length=40
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=True),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("told_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_suppressions_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_suppressions")),
        sa.UniqueConstraint("organization_id", "address_key", name=op.f("uq_suppressions_organization_id_address_key")),
    )
    op.create_index("ix_suppressions_list", "suppressions", ["organization_id", "id"], unique=False)
    op.create_index("ix_suppressions_to_sync", "suppressions", ["organization_id", "told_at", "id"], unique=False)
    op.create_table(
        "email_webhooks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("delivery_id", sa.String(length=200), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["email_accounts.organization_id", "email_accounts.id"],
            name=op.f("fk_email_webhooks_organization_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_webhooks_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_webhooks")),
        sa.UniqueConstraint(
            "organization_id",
            "account_id",
            "delivery_id",
            name=op.f("uq_email_webhooks_organization_id_account_id_delivery_id"),
        ),
    )
    op.create_index(
        "ix_email_webhooks_open",
        "email_webhooks",
        ["organization_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("applied_at is null"),
        sqlite_where=sa.text("applied_at is null"),
    )
    op.create_index("ix_email_webhooks_received", "email_webhooks", ["organization_id", "received_at"], unique=False)
    op.create_table(
        "emails",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("template_id", sa.Uuid(), nullable=True),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "scheduled",
                "preparing",
                "sending",
                "paused",
                "completed",
                "cancelled",
                "failed",
                name="emailstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("reply_to", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("html", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column("tags", JSON, nullable=False),
        sa.Column("attachments", JSON, nullable=False),
        sa.Column("unsubscribe_base", sa.Text(), nullable=False),
        sa.Column("audience", JSON, nullable=False),
        sa.Column("batch_size", sa.SmallInteger(), nullable=False),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("audience_size", sa.Integer(), nullable=True),
        sa.Column("frozen_at", UtcDateTime(), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["email_accounts.organization_id", "email_accounts.id"],
            name=op.f("fk_emails_organization_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_emails_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_emails")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_emails_organization_id_id")),
    )
    op.create_index("ix_emails_by_status", "emails", ["organization_id", "status", "id"], unique=False)
    op.create_table(
        "email_chunks",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=False),
        sa.Column("people", sa.SmallInteger(), nullable=False),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("first_tried_at", UtcDateTime(), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("settled_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "email_id"],
            ["emails.organization_id", "emails.id"],
            name=op.f("fk_email_chunks_organization_id_email_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_chunks_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_chunks")),
    )
    op.create_index(
        "ix_email_chunks_open",
        "email_chunks",
        ["organization_id", "email_id", "id"],
        unique=False,
        postgresql_where=sa.text("settled_at is null"),
        sqlite_where=sa.text("settled_at is null"),
    )
    op.create_table(
        "email_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "email_id"],
            ["emails.organization_id", "emails.id"],
            name=op.f("fk_email_events_organization_id_email_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_events_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_events")),
    )
    op.create_index("ix_email_events_list", "email_events", ["organization_id", "email_id", "id"], unique=False)
    op.create_table(
        "email_minutes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=False),
        sa.Column("minute", UtcDateTime(), nullable=False),
        sa.Column("accepted", sa.Integer(), server_default="0", nullable=False),
        sa.Column("delivered", sa.Integer(), server_default="0", nullable=False),
        sa.Column("bounced", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "email_id"],
            ["emails.organization_id", "emails.id"],
            name=op.f("fk_email_minutes_organization_id_email_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "email_id", "minute", name=op.f("pk_email_minutes")),
    )
    op.create_index("ix_email_minutes_minute", "email_minutes", ["organization_id", "minute"], unique=False)
    op.create_table(
        "email_recipients",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG_ID, sa.Identity(always=False), nullable=False),
        sa.Column("email_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("address", sa.String(length=320), nullable=False),
        sa.Column("address_key", sa.String(length=320), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("variables", JSON, nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "accepted",
                "sent",
                "delivered",
                "opened",
                "clicked",
                "bounced",
                "complained",
                "failed",
                "skipped",
                "uncertain",
                name="emailrecipientstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("error_code", sa.String(length=60), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("chunk_id", BIG_ID, nullable=True),
        sa.Column("provider_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("delayed_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("opened_at", UtcDateTime(), nullable=True),
        sa.Column("clicked_at", UtcDateTime(), nullable=True),
        sa.Column("bounced_at", UtcDateTime(), nullable=True),
        sa.Column("complained_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("unsubscribed_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "email_id"],
            ["emails.organization_id", "emails.id"],
            name=op.f("fk_email_recipients_organization_id_email_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_email_recipients_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_email_recipients")),
        sa.UniqueConstraint(
            "organization_id",
            "email_id",
            "address_key",
            name=op.f("uq_email_recipients_organization_id_email_id_address_key"),
        ),
    )
    op.create_index(
        "ix_email_recipients_address", "email_recipients", ["organization_id", "address_key", "id"], unique=False
    )
    op.create_index(
        "ix_email_recipients_chunk", "email_recipients", ["organization_id", "email_id", "chunk_id", "id"], unique=False
    )
    op.create_index(
        "ix_email_recipients_contact", "email_recipients", ["organization_id", "contact_id", "id"], unique=False
    )
    op.create_index("ix_email_recipients_list", "email_recipients", ["organization_id", "email_id", "id"], unique=False)
    op.create_index(
        "ix_email_recipients_provider", "email_recipients", ["organization_id", "provider_id"], unique=False
    )
    op.create_index(
        "ix_email_recipients_status", "email_recipients", ["organization_id", "email_id", "status", "id"], unique=False
    )
    protect()


def protect() -> None:
    """Keep organizations apart and the counters true."""
    connection = op.get_bind()
    for table in ("email_accounts", *TABLES):
        isolate_table(connection, table)
    # The engine finds the organization of a webhook by its account, and sees nothing else here.
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text(f"grant select (id, organization_id) on email_accounts to {ENGINE_ROLE}"))
    count_rows(connection, "email_recipients", "email_counts", ["email_id", "status", "error_code"])
    moments = ("accepted_at", "delivered_at", "bounced_at")
    count_moments(connection, "email_recipients", "email_minutes", ["email_id"], moments)
    expect_sizes(connection)


def downgrade() -> None:
    for table in (*TABLES, "email_accounts"):
        op.drop_table(table)

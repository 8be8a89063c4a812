"""Contacts, provider accounts, templates and campaigns."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import count_rows, isolate_table

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.create_table(
        "campaign_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "accepted",
                "sent",
                "delivered",
                "read",
                "failed",
                "skipped",
                "uncertain",
                name="recipientstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "campaign_id", "status", "error_code", name=op.f("pk_campaign_counts")
        ),
    )
    op.create_table(
        "contact_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("count", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", name=op.f("pk_contact_counts")),
    )
    op.create_table(
        "contacts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("person_key", sa.String(length=20), nullable=False),
        sa.Column("wa_id", sa.String(length=20), nullable=True),
        sa.Column("wa_user_id", sa.String(length=140), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("first_name", sa.String(length=200), nullable=False),
        sa.Column("last_name", sa.String(length=200), nullable=False),
        sa.Column("email", sa.String(length=200), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column(
            "attributes", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("opted_out_at", UtcDateTime(), nullable=True),
        sa.Column("opt_out_source", sa.String(length=200), nullable=True),
        sa.Column("last_inbound_at", UtcDateTime(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_contacts_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_contacts_organization_id_id")),
        sa.UniqueConstraint("organization_id", "phone", name=op.f("uq_contacts_organization_id_phone")),
    )
    op.create_index("ix_contacts_name", "contacts", ["organization_id", "name", "id"], unique=False)
    op.create_index("ix_contacts_person", "contacts", ["organization_id", "person_key"], unique=False)
    op.create_index("ix_contacts_wa_id", "contacts", ["organization_id", "wa_id"], unique=False)
    op.create_table(
        "imports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=True),
        sa.Column(
            "status",
            sa.Enum(
                "mapping",
                "queued",
                "importing",
                "completed",
                "failed",
                "cancelled",
                name="importstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size_bytes", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column(
            "inspection", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "mapping", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "options", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "position", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("rows_read", sa.Integer(), nullable=False),
        sa.Column("created", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("duplicate", sa.Integer(), nullable=False),
        sa.Column("rejected", sa.Integer(), nullable=False),
        sa.Column(
            "rejected_by_code",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column(
            "noted_by_code",
            sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"),
            nullable=False,
        ),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_imports_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_imports")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_imports_organization_id_id")),
    )
    op.create_index("ix_imports_list", "imports", ["organization_id", "id"], unique=False)
    op.create_table(
        "inbound_messages",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wamid", sa.String(length=200), nullable=False),
        sa.Column("from_number", sa.String(length=20), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=True),
        sa.Column("recipient_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_inbound_messages_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound_messages")),
        sa.UniqueConstraint(
            "organization_id", "account_id", "wamid", name=op.f("uq_inbound_messages_organization_id_account_id_wamid")
        ),
    )
    op.create_index(
        "ix_inbound_messages_contact", "inbound_messages", ["organization_id", "contact_id", "id"], unique=False
    )
    op.create_table(
        "parked_statuses",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("wamid", sa.String(length=200), nullable=False),
        sa.Column(
            "event", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_parked_statuses_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_parked_statuses")),
    )
    op.create_index("ix_parked_statuses_wamid", "parked_statuses", ["organization_id", "wamid"], unique=False)
    op.create_table(
        "tags",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_tags_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tags")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_tags_organization_id_id")),
        sa.UniqueConstraint("organization_id", "name", name=op.f("uq_tags_organization_id_name")),
    )
    op.create_table(
        "whatsapp_accounts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("phone_number_id", sa.String(length=40), nullable=False),
        sa.Column("waba_id", sa.String(length=40), nullable=False),
        sa.Column("display_phone_number", sa.String(length=30), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("app_secret", sa.LargeBinary(), nullable=False),
        sa.Column("verify_token", sa.LargeBinary(), nullable=False),
        sa.Column("messages_per_second", sa.Double(), nullable=False),
        sa.Column(
            "status", sa.Enum("active", "refused", name="accountstatus", native_enum=False, length=40), nullable=False
        ),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("slowed_until", UtcDateTime(), nullable=True),
        sa.Column("slowed_reason", sa.Text(), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_whatsapp_accounts_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_whatsapp_accounts")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_whatsapp_accounts_organization_id_id")),
        sa.UniqueConstraint(
            "organization_id", "phone_number_id", name=op.f("uq_whatsapp_accounts_organization_id_phone_number_id")
        ),
    )
    op.create_table(
        "campaigns",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
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
                name="campaignstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("template_name", sa.String(length=512), nullable=False),
        sa.Column("template_language", sa.String(length=20), nullable=False),
        sa.Column("parameter_format", sa.String(length=20), nullable=False),
        sa.Column(
            "components", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("text", sa.Text(), nullable=True),
        sa.Column(
            "variables", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "audience", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("priority", sa.SmallInteger(), nullable=False),
        sa.Column("audience_size", sa.Integer(), nullable=True),
        sa.Column("frozen_at", UtcDateTime(), nullable=True),
        sa.Column("scheduled_at", UtcDateTime(), nullable=True),
        sa.Column("time_zone", sa.String(length=60), nullable=False),
        sa.Column("created_by", sa.String(length=200), nullable=False),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("started_at", UtcDateTime(), nullable=True),
        sa.Column("finished_at", UtcDateTime(), nullable=True),
        sa.Column("replied_count", sa.Integer(), nullable=False),
        sa.Column("opted_out_count", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            name=op.f("fk_campaigns_organization_id_account_id"),
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_campaigns_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_campaigns_organization_id_id")),
    )
    op.create_index("ix_campaigns_by_status", "campaigns", ["organization_id", "status", "id"], unique=False)
    op.create_index("ix_campaigns_list", "campaigns", ["organization_id", "id"], unique=False)
    op.create_table(
        "contact_imports",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name=op.f("fk_contact_imports_organization_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["imports.organization_id", "imports.id"],
            name=op.f("fk_contact_imports_organization_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_contact_imports_organization_id")
        ),
        sa.PrimaryKeyConstraint("import_id", "contact_id", name=op.f("pk_contact_imports")),
    )
    op.create_index("ix_contact_imports_contact", "contact_imports", ["organization_id", "contact_id"], unique=False)
    op.create_table(
        "contact_tags",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("tag_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name=op.f("fk_contact_tags_organization_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "tag_id"],
            ["tags.organization_id", "tags.id"],
            name=op.f("fk_contact_tags_organization_id_tag_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_contact_tags_organization_id")
        ),
        sa.PrimaryKeyConstraint("tag_id", "contact_id", name=op.f("pk_contact_tags")),
    )
    op.create_index("ix_contact_tags_contact", "contact_tags", ["organization_id", "contact_id"], unique=False)
    op.create_table(
        "import_rows",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("import_id", sa.Uuid(), nullable=False),
        sa.Column("row_no", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("column", sa.String(length=200), nullable=False),
        sa.Column("code", sa.String(length=200), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("suggestion", sa.Text(), nullable=False),
        sa.Column(
            "cells", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.ForeignKeyConstraint(
            ["organization_id", "import_id"],
            ["imports.organization_id", "imports.id"],
            name=op.f("fk_import_rows_organization_id_import_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_import_rows_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_rows")),
        sa.UniqueConstraint(
            "organization_id", "import_id", "row_no", name=op.f("uq_import_rows_organization_id_import_id_row_no")
        ),
    )
    op.create_index(
        "ix_import_rows_outcome", "import_rows", ["organization_id", "import_id", "outcome", "row_no"], unique=False
    )
    op.create_table(
        "message_templates",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("status_reason", sa.Text(), nullable=True),
        sa.Column("quality", sa.String(length=200), nullable=False),
        sa.Column("parameter_format", sa.String(length=20), nullable=False),
        sa.Column(
            "components", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column("synced_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            name=op.f("fk_message_templates_organization_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_message_templates_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message_templates")),
        sa.UniqueConstraint(
            "organization_id",
            "account_id",
            "name",
            "language",
            name=op.f("uq_message_templates_organization_id_account_id_name_language"),
        ),
        sa.UniqueConstraint("organization_id", "id", name=op.f("uq_message_templates_organization_id_id")),
    )
    op.create_table(
        "opt_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.Column(
            "source",
            sa.Enum(
                "keyword",
                "button",
                "preferences",
                "provider",
                "by hand",
                "import",
                "api",
                name="optsource",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "contact_id"],
            ["contacts.organization_id", "contacts.id"],
            name=op.f("fk_opt_events_organization_id_contact_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["organization_id"], ["organizations.id"], name=op.f("fk_opt_events_organization_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opt_events")),
    )
    op.create_index("ix_opt_events_contact", "opt_events", ["organization_id", "contact_id", "id"], unique=False)
    op.create_table(
        "webhook_deliveries",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", UtcDateTime(), nullable=False),
        sa.Column("applied_at", UtcDateTime(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organization_id", "account_id"],
            ["whatsapp_accounts.organization_id", "whatsapp_accounts.id"],
            name=op.f("fk_webhook_deliveries_organization_id_account_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_webhook_deliveries_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_webhook_deliveries")),
        sa.UniqueConstraint(
            "organization_id",
            "account_id",
            "digest",
            name=op.f("uq_webhook_deliveries_organization_id_account_id_digest"),
        ),
    )
    op.create_index(
        "ix_webhook_deliveries_open",
        "webhook_deliveries",
        ["organization_id", "account_id", "id"],
        unique=False,
        postgresql_where=sa.text("applied_at is null"),
        sqlite_where=sa.text("applied_at is null"),
    )
    op.create_table(
        "campaign_events",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "campaign_id"],
            ["campaigns.organization_id", "campaigns.id"],
            name=op.f("fk_campaign_events_organization_id_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_campaign_events_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_events")),
    )
    op.create_index(
        "ix_campaign_events_campaign", "campaign_events", ["organization_id", "campaign_id", "id"], unique=False
    )
    op.create_table(
        "campaign_recipients",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column(
            "id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), sa.Identity(always=False), nullable=False
        ),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid(), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("person_key", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "variables", sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql"), nullable=False
        ),
        sa.Column(
            "status",
            sa.Enum(
                "pending",
                "sending",
                "accepted",
                "sent",
                "delivered",
                "read",
                "failed",
                "skipped",
                "uncertain",
                name="recipientstatus",
                native_enum=False,
                length=40,
            ),
            nullable=False,
        ),
        sa.Column("error_code", sa.String(length=40), nullable=False),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("not_before", UtcDateTime(), nullable=True),
        sa.Column("lease_id", sa.Uuid(), nullable=True),
        sa.Column("wamid", sa.String(length=200), nullable=True),
        sa.Column("created_at", UtcDateTime(), nullable=False),
        sa.Column("sending_at", UtcDateTime(), nullable=True),
        sa.Column("accepted_at", UtcDateTime(), nullable=True),
        sa.Column("sent_at", UtcDateTime(), nullable=True),
        sa.Column("delivered_at", UtcDateTime(), nullable=True),
        sa.Column("read_at", UtcDateTime(), nullable=True),
        sa.Column("failed_at", UtcDateTime(), nullable=True),
        sa.Column("replied_at", UtcDateTime(), nullable=True),
        sa.Column("updated_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "campaign_id"],
            ["campaigns.organization_id", "campaigns.id"],
            name=op.f("fk_campaign_recipients_organization_id_campaign_id"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_campaign_recipients_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_recipients")),
        sa.UniqueConstraint(
            "organization_id",
            "campaign_id",
            "person_key",
            name=op.f("uq_campaign_recipients_organization_id_campaign_id_person_key"),
        ),
    )
    op.create_index(
        "ix_campaign_recipients_contact", "campaign_recipients", ["organization_id", "contact_id", "id"], unique=False
    )
    op.create_index(
        "ix_campaign_recipients_due",
        "campaign_recipients",
        ["organization_id", "campaign_id", "not_before", "id"],
        unique=False,
        postgresql_where=sa.text("status = 'pending'"),
        sqlite_where=sa.text("status = 'pending'"),
    )
    op.create_index(
        "ix_campaign_recipients_list", "campaign_recipients", ["organization_id", "campaign_id", "id"], unique=False
    )
    op.create_index(
        "ix_campaign_recipients_status",
        "campaign_recipients",
        ["organization_id", "campaign_id", "status", "id"],
        unique=False,
    )
    op.create_index("ix_campaign_recipients_wamid", "campaign_recipients", ["organization_id", "wamid"], unique=False)
    protect()


TENANT_TABLES = (
    "contacts",
    "contact_counts",
    "tags",
    "contact_tags",
    "opt_events",
    "imports",
    "import_rows",
    "contact_imports",
    "webhook_deliveries",
    "message_templates",
    "campaigns",
    "campaign_recipients",
    "campaign_counts",
    "campaign_events",
    "parked_statuses",
    "inbound_messages",
)


def protect() -> None:
    """Keep organizations apart and the counters true."""
    connection = op.get_bind()
    # The engine role finds the organization of a webhook by its account, and sees nothing else here.
    isolate_table(connection, "whatsapp_accounts", engine="select")
    for table in TENANT_TABLES:
        isolate_table(connection, table)
    count_rows(connection, "contacts", "contact_counts", [])
    count_rows(connection, "campaign_recipients", "campaign_counts", ["campaign_id", "status", "error_code"])


def downgrade() -> None:
    raise NotImplementedError("the first release has nothing before it")

"""Webhooks and replies are removed by their age, which is found by an index."""

from alembic import op

from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.create_index("ix_webhook_deliveries_received", "webhook_deliveries", ["organization_id", "received_at"])
    op.create_index("ix_inbound_messages_at", "inbound_messages", ["organization_id", "at"])
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_inbound_messages_at", "inbound_messages")
    op.drop_index("ix_webhook_deliveries_received", "webhook_deliveries")

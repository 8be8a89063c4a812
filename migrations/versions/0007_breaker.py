"""Campaigns keep what their template counted as and from which counts on bad endings are watched; an index of those who
were accepted and failed later."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import Json

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("template_category", sa.String(20), nullable=False, server_default=""))
    op.add_column("campaigns", sa.Column("watched_from", Json, nullable=True))
    later = sa.text("status = 'failed' and accepted_at is not null")
    op.create_index(
        "ix_campaign_recipients_failed_later",
        "campaign_recipients",
        ["organization_id", "campaign_id"],
        postgresql_where=later,
        sqlite_where=later,
    )


def downgrade() -> None:
    op.drop_index("ix_campaign_recipients_failed_later", "campaign_recipients")
    for name in ("watched_from", "template_category"):
        op.drop_column("campaigns", name)

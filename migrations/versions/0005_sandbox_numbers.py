"""Accounts store the sandbox they belong to, and since when their provider cannot be reached."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("whatsapp_accounts", sa.Column("sandbox_url", sa.Text(), nullable=True))
    op.add_column("whatsapp_accounts", sa.Column("unreachable_since", UtcDateTime(), nullable=True))
    op.add_column("whatsapp_accounts", sa.Column("unreachable_at", UtcDateTime(), nullable=True))
    op.add_column("whatsapp_accounts", sa.Column("unreachable_reason", sa.Text(), nullable=True))


def downgrade() -> None:
    for name in ("unreachable_reason", "unreachable_at", "unreachable_since", "sandbox_url"):
        op.drop_column("whatsapp_accounts", name)

"""An e-mail account that sent something can be removed: its row stays, its secrets do not."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime

revision = "0028"
down_revision = "0024"


def upgrade() -> None:
    op.add_column("email_accounts", sa.Column("removed_at", UtcDateTime(), nullable=True))


def downgrade() -> None:
    op.drop_column("email_accounts", "removed_at")

"""For how many hours after a campaign an organization is told that people got one."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    op.add_column("organizations", sa.Column("contact_gap_hours", sa.Integer(), nullable=False, server_default="24"))


def downgrade() -> None:
    op.drop_column("organizations", "contact_gap_hours")

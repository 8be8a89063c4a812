"""An import says how many of its people are opted out, and whom a repeated row repeats."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("imports", sa.Column("opted_out", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("import_rows", sa.Column("contact_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("import_rows", "contact_id")
    op.drop_column("imports", "opted_out")

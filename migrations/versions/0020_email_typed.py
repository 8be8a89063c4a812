"""An e-mail address is kept as it was typed, beside the one in small letters."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    op.add_column("contacts", sa.Column("email_typed", sa.String(200), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("contacts", "email_typed")

"""An import knows which columns its file has, so that what they became is offered again for the next file like it."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    op.add_column("imports", sa.Column("header_key", sa.String(64), nullable=False, server_default=""))
    op.create_index("ix_imports_header", "imports", ["organization_id", "header_key", "id"])
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_index("ix_imports_header", "imports")
    op.drop_column("imports", "header_key")

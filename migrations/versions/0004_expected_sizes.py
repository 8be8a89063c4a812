"""Tells SQLite which indexes are the most selective in a large installation."""

from alembic import op

from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    expect_sizes(op.get_bind())


def downgrade() -> None:
    raise NotImplementedError("nothing is gained by unlearning it")

"""An e-mail account that sent something can be removed, and suppressions are counted by their reason."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import count_rows, isolate_table, stop_counting
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0025"
down_revision = "0024"

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
REASONS = ("bounce", "complaint", "unsubscribed", "manual")


def upgrade() -> None:
    op.add_column("email_accounts", sa.Column("removed_at", UtcDateTime(), nullable=True))
    op.create_index("ix_suppressions_reason", "suppressions", ["organization_id", "reason", "id"], unique=False)
    op.create_table(
        "suppression_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Enum(*REASONS, name="suppressionreason", native_enum=False, length=40), nullable=False),
        sa.Column("count", BIG_ID, nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "reason", name=op.f("pk_suppression_counts")),
    )
    connection = op.get_bind()
    isolate_table(connection, "suppression_counts")
    # Nothing was suppressed before: the table came with the release that this migration is of.
    count_rows(connection, "suppressions", "suppression_counts", ["reason"])
    expect_sizes(connection)


def downgrade() -> None:
    stop_counting(op.get_bind(), "suppressions")
    op.drop_table("suppression_counts")
    op.drop_index("ix_suppressions_reason", "suppressions")
    op.drop_column("email_accounts", "removed_at")

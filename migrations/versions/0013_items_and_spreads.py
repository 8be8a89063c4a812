"""How many things jobs did in each minute, how their waits and runs were spread, and since when a job was due."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0013"
down_revision = "0012"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    for span in ("minute", "hour", "day"):
        op.add_column(f"stats_{span}", sa.Column("items", BIG, nullable=False, server_default="0"))
    op.add_column("jobs", sa.Column("due_at", UtcDateTime(), nullable=True))
    op.create_table(
        "stats_spread",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("minute", UtcDateTime(), nullable=False),
        sa.Column("measure", sa.Enum("wait", "run", name="measure", native_enum=False, length=40), nullable=False),
        sa.Column("bucket", sa.SmallInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", "minute", "measure", "bucket", name="pk_stats_spread"),
    )
    connection = op.get_bind()
    isolate_table(connection, "stats_spread", engine="select, insert, update, delete")
    expect_sizes(connection)


def downgrade() -> None:
    op.drop_table("stats_spread")
    op.drop_column("jobs", "due_at")
    for span in ("minute", "hour", "day"):
        op.drop_column(f"stats_{span}", "items")

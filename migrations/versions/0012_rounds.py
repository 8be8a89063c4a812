"""A campaign is sent in rounds, one a job: the ledger and its counters tell them apart."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db.ddl import count_rows, stop_counting
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0012"
down_revision = "0011"

LATER_ROUND = sa.text("round > 1")
KEYS = ("campaign_id", "round", "status", "error_code")


def upgrade() -> None:
    op.add_column("campaigns", sa.Column("round", sa.SmallInteger(), nullable=False, server_default="1"))
    op.add_column("campaign_recipients", sa.Column("round", sa.SmallInteger(), nullable=False, server_default="1"))
    op.create_index(
        "ix_campaign_recipients_round",
        "campaign_recipients",
        ["organization_id", "campaign_id", "round", "id"],
        postgresql_where=LATER_ROUND,
        sqlite_where=LATER_ROUND,
    )
    count_by_round()
    expect_sizes(op.get_bind())


def count_by_round() -> None:
    connection = op.get_bind()
    stop_counting(connection, "campaign_recipients")
    with op.batch_alter_table("campaign_counts") as counts:
        counts.add_column(sa.Column("round", sa.SmallInteger(), nullable=False, server_default="1"))
        counts.drop_constraint("pk_campaign_counts", type_="primary")
        counts.create_primary_key("pk_campaign_counts", ["organization_id", *KEYS])
    count_rows(connection, "campaign_recipients", "campaign_counts", KEYS)


def downgrade() -> None:
    raise NotImplementedError("who was sent to in which round cannot be known again")

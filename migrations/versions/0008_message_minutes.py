"""In which minute how many messages were accepted, delivered and failed, by campaign; what is there is counted."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import count_moments, isolate_table, rows_of_all
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0008"
down_revision = "0007"

MOMENTS = ("accepted_at", "delivered_at", "failed_at")


def upgrade() -> None:
    op.create_table(
        "message_minutes",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("campaign_id", sa.Uuid(), nullable=False),
        sa.Column("minute", UtcDateTime(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("delivered", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("failed", sa.Integer(), nullable=False, server_default="0"),
        sa.ForeignKeyConstraint(
            ["organization_id", "campaign_id"],
            ["campaigns.organization_id", "campaigns.id"],
            name=op.f("fk_message_minutes_organization_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "campaign_id", "minute", name=op.f("pk_message_minutes")),
    )
    op.create_index("ix_message_minutes_minute", "message_minutes", ["organization_id", "minute"])
    connection = op.get_bind()
    with rows_of_all(connection, "campaign_recipients"):
        for moment in MOMENTS:
            connection.exec_driver_sql(_count_what_is_there(connection, moment))
    isolate_table(connection, "message_minutes")
    count_moments(connection, "campaign_recipients", "message_minutes", ["campaign_id"], MOMENTS)
    expect_sizes(connection)


def _count_what_is_there(connection: sa.Connection, moment: str) -> str:
    name, is_postgres = moment.removesuffix("_at"), connection.dialect.name == "postgresql"
    minute = f"date_trunc('minute', {moment}, 'UTC')" if is_postgres else f"substr({moment}, 1, 16) || ':00.000000'"
    return (
        f"insert into message_minutes (organization_id, campaign_id, minute, {name}) "
        f"select organization_id, campaign_id, {minute}, count(*) from campaign_recipients where {moment} is not null "
        f"group by organization_id, campaign_id, {minute} "
        f"on conflict (organization_id, campaign_id, minute) do update set {name} = excluded.{name}"
    )


def downgrade() -> None:
    raise NotImplementedError("figures of minutes cannot be made again")

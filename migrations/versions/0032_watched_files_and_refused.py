"""Files that schedules watch, as they were last seen, and which imports came of them; and in which minute how many
messages were refused at once, so that a share of failures counts none twice."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import Without, count_moments, forget_moments, isolate_table, rows_of_all
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0032"
down_revision = "0031"

MOMENTS = ("accepted_at", "delivered_at", "failed_at")
REFUSED = Without("refused", "failed_at", other="accepted_at")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column("imports", sa.Column("source_key", sa.String(length=64), nullable=False, server_default=""))
    op.create_index("ix_imports_source", "imports", ["organization_id", "source_key", "sha256"])
    op.create_table(
        "import_sightings",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("id", BIG, sa.Identity(always=False), nullable=False),
        sa.Column("source_key", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("size_bytes", BIG, nullable=False),
        sa.Column("changed_ns", BIG, nullable=False),
        sa.Column("etag", sa.String(length=200), nullable=False),
        sa.Column("last_modified", sa.String(length=100), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("seen_by", sa.Uuid(), nullable=True),
        sa.Column("seen_at", UtcDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id"], ["organizations.id"], name=op.f("fk_import_sightings_organization_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_import_sightings")),
        sa.UniqueConstraint(
            "organization_id", "source_key", "name", name=op.f("uq_import_sightings_organization_id_source_key_name")
        ),
    )
    isolate_table(op.get_bind(), "import_sightings")
    _count_refused(op.get_bind())
    expect_sizes(op.get_bind())


def _count_refused(connection: sa.Connection) -> None:
    op.add_column("message_minutes", sa.Column("refused", sa.Integer(), nullable=False, server_default="0"))
    is_postgres = connection.dialect.name == "postgresql"
    minute = "date_trunc('minute', failed_at, 'UTC')" if is_postgres else "substr(failed_at, 1, 16) || ':00.000000'"
    keys = "organization_id, campaign_id"
    with rows_of_all(connection, "campaign_recipients", "message_minutes"):
        connection.exec_driver_sql(
            f"insert into message_minutes ({keys}, minute, refused) select {keys}, {minute}, count(*) "
            f"from campaign_recipients where failed_at is not null and accepted_at is null group by {keys}, {minute} "
            f"on conflict ({keys}, minute) do update set refused = excluded.refused"
        )
    forget_moments(connection, "campaign_recipients", MOMENTS)
    count_moments(connection, "campaign_recipients", "message_minutes", ["campaign_id"], (*MOMENTS, REFUSED))


def downgrade() -> None:
    connection = op.get_bind()
    forget_moments(connection, "campaign_recipients", (*MOMENTS, "refused"))
    op.drop_column("message_minutes", "refused")
    count_moments(connection, "campaign_recipients", "message_minutes", ["campaign_id"], MOMENTS)
    op.drop_table("import_sightings")
    op.drop_index("ix_imports_source", "imports")
    op.drop_column("imports", "source_key")

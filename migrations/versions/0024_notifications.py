"""What members choose to be told by mail, and the person who started a campaign."""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db.ddl import isolate_table
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    op.create_table(
        "notification_choices",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("wanted", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organization_id", "user_id"],
            ["memberships.organization_id", "memberships.user_id"],
            name=op.f("fk_notification_choices_organization_id_user_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("organization_id", "user_id", "kind", name=op.f("pk_notification_choices")),
    )
    isolate_table(op.get_bind(), "notification_choices")
    op.add_column("campaigns", sa.Column("created_by_id", sa.Uuid(), nullable=True))
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_column("campaigns", "created_by_id")
    op.drop_table("notification_choices")

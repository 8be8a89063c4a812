"""Workers say whom they serve, what they have to do and how they were in the last hour; caps of whoever runs it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0035"
down_revision = "0034"

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), "postgresql")


def upgrade() -> None:
    op.add_column("workers", sa.Column("scope", JSON, nullable=True))
    op.add_column("workers", sa.Column("threads", sa.Integer(), nullable=True))
    op.add_column("workers", sa.Column("busy", sa.Integer(), nullable=True))
    op.add_column("workers", sa.Column("samples", JSON, nullable=True))
    op.add_column("organizations", sa.Column("most_messages_per_second", sa.Float(), nullable=True))
    op.add_column("organizations", sa.Column("most_emails_per_second", sa.Float(), nullable=True))
    op.add_column("queue_limits", sa.Column("most_at_once", sa.Integer(), nullable=True))


def downgrade() -> None:
    op.drop_column("queue_limits", "most_at_once")
    op.drop_column("organizations", "most_emails_per_second")
    op.drop_column("organizations", "most_messages_per_second")
    for name in ("samples", "busy", "threads", "scope"):
        op.drop_column("workers", name)

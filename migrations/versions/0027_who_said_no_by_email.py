"""Who has said no is found by their e-mail address, and an e-mail counts who unsubscribed by its link.

Before each request the people in it are looked up among those who opted out: without an index that was every contact of
the organization.
"""

import sqlalchemy as sa
from alembic import op

from adsapp.core.db.ddl import rows_of_all
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0027"
down_revision = "0026"


def upgrade() -> None:
    said_no = sa.text("opted_out_at is not null")
    op.create_index(
        "ix_contacts_email_out",
        "contacts",
        ["organization_id", "email"],
        unique=False,
        postgresql_where=said_no,
        sqlite_where=said_no,
    )
    op.add_column("emails", sa.Column("unsubscribed", sa.Integer(), server_default="0", nullable=False))
    with rows_of_all(op.get_bind(), "emails", "email_recipients"):
        op.execute(
            "update emails set unsubscribed = (select count(*) from email_recipients r where r.email_id = emails.id "
            "and r.organization_id = emails.organization_id and r.unsubscribed_at is not null)"
        )
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_column("emails", "unsubscribed")
    op.drop_index("ix_contacts_email_out", "contacts")

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
    _index("ix_contacts_email_out", "contacts", ["organization_id", "email"], "opted_out_at is not null")
    recipients = ("email_recipients", ["organization_id", "email_id", "id"], "unsubscribed_at is not null")
    _index("ix_email_recipients_unsubscribed", *recipients)
    op.add_column("emails", sa.Column("unsubscribed", sa.Integer(), server_default="0", nullable=False))
    with rows_of_all(op.get_bind(), "emails", "email_recipients"):
        op.execute(
            "update emails set unsubscribed = (select count(*) from email_recipients r where r.email_id = emails.id "
            "and r.organization_id = emails.organization_id and r.unsubscribed_at is not null)"
        )
    expect_sizes(op.get_bind())


def downgrade() -> None:
    op.drop_column("emails", "unsubscribed")
    op.drop_index("ix_email_recipients_unsubscribed", "email_recipients")
    op.drop_index("ix_contacts_email_out", "contacts")


def _index(name: str, table: str, columns: list[str], condition: str) -> None:
    where = sa.text(condition)
    op.create_index(name, table, columns, unique=False, postgresql_where=where, sqlite_where=where)

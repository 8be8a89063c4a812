"""What an import writes is checked once a statement, and what nobody has is left out of an index.

PostgreSQL looked up the contact, the tag and the import of each row: almost half of its time. Few contacts are known by
another number or by a user id, and those who are not were in both indexes.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

from adsapp.core.db.referring import Reference, refer_by_row, refer_by_statement
from adsapp.core.db.sqlite_stats import expect_sizes

revision = "0026"
down_revision = "0025"

REFERENCES = (
    Reference("contacts", ("organization_id",), "organizations", keys=("id",), cascade=False),
    Reference("contact_tags", ("organization_id", "tag_id"), "tags"),
    Reference("contact_tags", ("organization_id", "contact_id"), "contacts"),
    Reference("contact_imports", ("organization_id", "import_id"), "imports"),
    Reference("contact_imports", ("organization_id", "contact_id"), "contacts"),
    Reference("import_rows", ("organization_id", "import_id"), "imports"),
)
RARE = ("wa_id", "wa_user_id")


def upgrade() -> None:
    for reference in REFERENCES:
        refer_by_statement(op.get_bind(), reference)
    for name in RARE:
        there = sa.text(f"{name} is not null")
        _index_again(name, postgresql_where=there, sqlite_where=there)


def downgrade() -> None:
    for name in RARE:
        _index_again(name)
    for reference in reversed(REFERENCES):
        refer_by_row(op.get_bind(), reference)


def _index_again(name: str, **options: Any) -> None:
    op.drop_index(f"ix_contacts_{name}", "contacts")
    op.create_index(f"ix_contacts_{name}", "contacts", ["organization_id", name], **options)
    expect_sizes(op.get_bind())

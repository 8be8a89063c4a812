"""Lists are searched without case and accents on PostgreSQL as on SQLite: the function `search_key`."""

from alembic import op

from adsapp.core.db.searching import make_search_key

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    make_search_key(op.get_bind())


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute("drop function search_key(text)")

"""Lists are searched without apostrophes and hyphens, too."""

from alembic import op

from adsapp.core.db.searching import make_search_key

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    make_search_key(op.get_bind())


def downgrade() -> None:
    """An older program searches by this function as well."""

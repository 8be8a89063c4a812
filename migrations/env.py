"""Alembic runs here, as the owner of the tables (`adsapp db upgrade`)."""

from alembic import context

from adsapp import load_tables
from adsapp.core.db import Base, logins

load_tables()

with logins.owner_engine().connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

"""Alembic runs here, as the owner of the tables (`adsapp db upgrade`)."""

import importlib

from alembic import context

from adsapp.core.db import Base, logins

FEATURES = (
    *("organizations", "jobs", "integrations", "notifications", "contacts", "message_templates"),
    *("campaigns", "emails", "schedules", "alerts"),
)
for feature in FEATURES:
    importlib.import_module(f"adsapp.{feature}.models")

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

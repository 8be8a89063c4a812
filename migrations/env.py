"""Alembic runs here, over the application's own engine (`adsapp db upgrade`)."""

import importlib

from alembic import context
from flask import current_app

from adsapp.core.db import Base

for feature in ("organizations", "jobs", "integrations", "contacts", "message_templates", "campaigns"):
    importlib.import_module(f"adsapp.{feature}.models")

engine = current_app.extensions["migrate"].db.engine

with engine.connect() as connection:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()

"""The plain page that machines are compared by: Flask, 50 rows of an indexed table through SQLAlchemy Core, no frame.

As an application of the web server it finds the database in BENCH_REFERENCE; `make` copies the jobs into its table.
"""

import os
import uuid

from flask import Flask
from sqlalchemy import Engine, create_engine, text

from adsapp.core import db

PAGE = """<!doctype html><title>Failed</title><table>
{% for row in rows %}<tr><td>{{ row.state }}</td><td><a href="/jobs/{{ row.id }}">{{ row.title }}</a></td>
<td>{{ row.queue }}</td><td>{{ row.error }}</td><td>{{ row.attempt }}</td><td>{{ row.created_at }}</td></tr>
{% endfor %}</table>"""
ROWS = text(
    "select id, state, title, queue, error, attempt, created_at from bench_reference "
    "where organization_id = :organization and state = 'failed' order by id desc limit 50"
)


COLUMNS = "id, organization_id, state, title, queue, error, attempt, created_at"


def make(engine: Engine) -> None:
    """Its table, as long as `jobs`."""
    with engine.begin() as connection:
        connection.execute(text(f"create table bench_reference as select {COLUMNS} from jobs where false"))
        connection.execute(text("create index ix_bench_reference on bench_reference (organization_id, state, id desc)"))
        if engine.dialect.name == "postgresql":
            connection.execute(text(f"grant insert on bench_reference to {db.ENGINE_ROLE}"))
    with db.engine_transaction(engine) as connection:
        connection.execute(text(f"insert into bench_reference select {COLUMNS} from jobs"))


def spell(organization_id: uuid.UUID, url: str) -> str:
    """The organization as the table has it."""
    return str(organization_id) if url.startswith("postgresql") else organization_id.hex


def application() -> Flask:
    """What the web server serves."""
    app = Flask(__name__)
    engine = create_engine(os.environ["BENCH_REFERENCE"], pool_size=10)
    organization, page = os.environ["BENCH_ORGANIZATION"], app.jinja_env.from_string(PAGE)

    @app.get("/")
    def rows() -> str:
        with engine.connect() as connection:
            found = connection.execute(ROWS, {"organization": organization}).all()
        return page.render(rows=found)

    return app

"""Connections to PostgreSQL: those that ended while they lay in the pool, and what one remembers."""

import pytest
from flask import Flask
from sqlalchemy import literal, select, text

from adsapp.core import db

OTHERS = text(
    "select pg_terminate_backend(pid, 5000) from pg_stat_activity where datname = current_database() "
    "and backend_type = 'client backend' and pid <> pg_backend_pid()"
)


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_connections_that_the_server_ended_are_replaced_before_anybody_meets_them(app: Flask) -> None:
    with app.app_context():
        engine = db.db.engine
        pooled = [engine.connect() for _ in range(3)]
        spared = engine.connect()
        for connection in pooled:
            connection.close()
        assert spared.scalars(OTHERS).all()
        spared.close()
        for _ in range(4):
            with engine.connect() as connection:
                assert connection.scalar(text("select 1")) == 1


@pytest.mark.parametrize("shape", ["distributed"], indirect=True)
def test_what_a_connection_has_prepared_outlives_a_request_that_only_reads(app: Flask) -> None:
    with app.app_context(), db.db.engine.connect() as connection:
        for _ in range(10):
            connection.execute(select(literal(1).label("often_asked"))).all()
            connection.rollback()
        prepared = text("select count(*) from pg_prepared_statements where statement like '%often_asked%'")
        assert connection.scalar(prepared) == 1

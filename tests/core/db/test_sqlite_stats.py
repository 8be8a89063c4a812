"""SQLite reads by the index that narrows most, whatever the size of an organization."""

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from adsapp.core.db import db

pytestmark = pytest.mark.parametrize("shape", ["embedded"], indirect=True)


def plan(connection: Connection, statement: str) -> str:
    rows = connection.execute(text(f"explain query plan {statement}")).mappings()
    return "; ".join(row["detail"] for row in rows)


@pytest.mark.parametrize(
    "statement, index",
    [
        ("select * from jobs where organization_id = 'o' and parent_id = 'p' order by id limit 21", "ix_jobs_parent"),
        ("select * from jobs where organization_id = 'o' and subject = 's' order by id", "ix_jobs_subject"),
        (
            "select queue, min(run_at) from jobs where organization_id = 'o' and state = 'waiting' "
            "and dispatched_at is not null group by queue",
            "ix_jobs_dispatched",
        ),
        (
            "select * from jobs where organization_id = 'o' and (not routine or state = 'failed') and state = 'failed' "
            "order by id desc limit 51",
            "ix_jobs_by_state",
        ),
        (
            "select email from contacts where organization_id = 'o' and email in ('a@x', 'b@x') "
            "and email != '' and opted_out_at is not null",
            "ix_contacts_email_out",
        ),
        (
            "select * from job_dependencies d join jobs j on j.id = d.needs_id and j.organization_id = 'o' "
            "where d.job_id = 'j' and d.organization_id = 'o' order by j.id limit 20",
            "organization_id=? AND job_id=?",
        ),
    ],
)
def test_an_organization_is_never_read_as_a_whole(app: Flask, statement: str, index: str) -> None:
    with app.app_context(), db.engine.connect() as connection:
        assert index in plan(connection, statement)


def test_every_index_of_every_tenants_table_has_its_figures(app: Flask) -> None:
    with app.app_context(), db.engine.connect() as connection:
        without = connection.execute(
            text(
                "select m.name from sqlite_schema m join pragma_table_info(m.tbl_name) c on c.name = 'organization_id' "
                "where m.type = 'index' and m.name not in (select idx from sqlite_stat1)"
            )
        )
        assert without.scalars().all() == []

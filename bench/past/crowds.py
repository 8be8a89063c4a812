"""Makes what years of sending leave behind on PostgreSQL: millions of recipients and of ends of jobs, by SQL alone.

A superuser writes past triggers and foreign keys and adds the counters up afterwards, which is what they would have
kept; the indexes of the ledger are made anew at its end. One organization owns all of it: the worst case of its pages.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta

import psycopg

from adsapp.core.ids import first_id_of

MONTHS = 12
AT_ONCE = 500_000  # rows of one statement

LEDGER = """
insert into campaign_recipients (organization_id, campaign_id, contact_id, phone, person_key, name, variables, status,
    error_code, attempts, wamid, created_at, sending_at, accepted_at, sent_at, delivered_at, read_at, failed_at,
    updated_at)
select %(owner)s, %(campaign)s::uuid, md5('person ' || n)::uuid, '+1206' || lpad(n::text, 7, '0'),
    '1206' || lpad(n::text, 7, '0'), 'Ann Lee', '{"1": "Ann"}',
    case when n %% 100 < 70 then 'read' when n %% 100 < 97 then 'delivered' else 'failed' end,
    case when n %% 100 < 97 then '' else '131026' end, 1,
    'wamid.HBgLMTIwNjU1NTAxMDAVAgARGBI' || md5(%(campaign)s::text || n), %(at)s::timestamptz, %(at)s, %(at)s, %(at)s,
    case when n %% 100 < 97 then %(at)s::timestamptz end, case when n %% 100 < 70 then %(at)s::timestamptz end,
    case when n %% 100 >= 97 then %(at)s::timestamptz end, %(at)s
from generate_series(1::bigint, %(people)s::bigint) n
"""
CAMPAIGN = """
insert into campaigns (id, organization_id, name, account_id, status, template_name, template_language,
    parameter_format, components, template_category, variables, audience, priority, time_zone, created_by, created_at,
    started_at, finished_at, audience_size, frozen_at, replied_count, opted_out_count)
select %(campaign)s::uuid, %(owner)s, 'Crowd ' || %(number)s::text, account_id, 'completed', template_name,
    template_language, parameter_format, components, template_category, variables, audience, priority, time_zone,
    'Alice', %(at)s::timestamptz, %(at)s, %(at)s, %(people)s, %(at)s, 0, 0
from campaigns where organization_id = %(owner)s limit 1
"""
COUNTS = """
insert into campaign_counts (organization_id, campaign_id, round, status, error_code, count)
select organization_id, campaign_id, round, status, error_code, count(*) from campaign_recipients
where campaign_id = any(%(campaigns)s::uuid[]) group by 1, 2, 3, 4, 5
"""
MINUTES = """
insert into message_minutes (organization_id, campaign_id, minute, accepted, delivered, failed)
select organization_id, campaign_id, date_trunc('minute', accepted_at), count(*), count(delivered_at), count(failed_at)
from campaign_recipients where campaign_id = any(%(campaigns)s::uuid[]) group by 1, 2, 3
"""
LOGS = """
insert into job_logs (organization_id, job_id, queue, processor, title, state, priority, attempts, created_at,
    started_at, finished_at, done, failed)
select %(owner)s, md5('job ' || n)::uuid, 'bulk-messages', 'bulk-message', 'Send Spring offer ' || n, 'completed', 3, 1,
    at, at, at, 1000, 7
from (select n, %(since)s::timestamptz + n * (%(span)s / %(rows)s::float8) as at
    from generate_series(%(first)s::bigint, %(last)s::bigint) n) moments
"""


@contextmanager
def past_everything(url: str) -> Iterator[psycopg.Connection]:
    """A superuser's connection whose statements set off no trigger."""
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("set session_replication_role = replica")
        server.execute("set maintenance_work_mem = '1GB'")
        yield server


def add_recipients(url: str, owner: uuid.UUID, now: datetime, recipients: int, campaigns: int) -> list[uuid.UUID]:
    """So many recipients in so many campaigns of the last months, the newest first; their ids."""
    made, people = [], recipients // campaigns
    with past_everything(url) as server:
        indexes = _take_indexes(server, "campaign_recipients")
        for number in range(campaigns):
            at = now - timedelta(days=2) - number * timedelta(days=30 * MONTHS) / campaigns
            made.append(uuid.UUID(int=first_id_of(at).int + number))
            told = {"owner": owner, "campaign": str(made[-1]), "number": number, "at": at, "people": people}
            server.execute(CAMPAIGN, told)
            server.execute(LEDGER, told)
        for statement in indexes:
            server.execute(statement.encode())
        server.execute(COUNTS, {"campaigns": made})
        server.execute(MINUTES, {"campaigns": made})
        server.execute("vacuum analyze")
    return made


def _take_indexes(server: psycopg.Connection, table: str) -> Sequence[str]:
    found = server.execute(
        "select indexrelid::regclass::text, pg_get_indexdef(indexrelid) from pg_index i where indrelid = %s::regclass "
        "and not exists (select from pg_constraint c where c.conindid = i.indexrelid)",
        [table],
    ).fetchall()
    for name, _ in found:
        server.execute(f"drop index {name}".encode())
    return [definition for _, definition in found]


def add_logs(url: str, owner: uuid.UUID, now: datetime, rows: int) -> None:
    """So many ends of jobs, evenly over the last months."""
    span = timedelta(days=30 * MONTHS)
    with past_everything(url) as server:
        for first in range(1, rows + 1, AT_ONCE):
            last = min(first + AT_ONCE - 1, rows)
            told = {"owner": owner, "since": now - span, "span": span, "rows": rows, "first": first, "last": last}
            server.execute(LOGS, told)
        server.execute("vacuum analyze job_logs")


def spread_over_months(url: str, now: datetime) -> None:
    """As if the table had been in parts for all this time: what is in its oldest part goes into one of each month."""
    with past_everything(url) as server:
        (oldest,) = server.execute(
            "select inhrelid::regclass::text from pg_inherits where inhparent = 'job_logs'::regclass "
            "and inhrelid::regclass::text like '%until%'"
        ).fetchone() or ("",)
        server.execute(f"alter table job_logs detach partition {oldest}".encode())
        for month in range(MONTHS + 2):
            server.execute("select make_month_of_job_logs(%s)", [now - timedelta(days=30.4 * month)])
        server.execute(f"insert into job_logs select * from {oldest}".encode())
        server.execute(f"drop table {oldest}".encode())
        server.execute("vacuum analyze job_logs")

"""The whole job engine: dependencies, limits, kinds of job, idempotency, roll-ups, drained workers."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from adsapp.core.db import UtcDateTime
from adsapp.core.db.ddl import count_rows, freeze_rows, isolate_table, stop_counting

revision = "0003"
down_revision = "0002"

BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON().with_variant(postgresql.JSONB(astext_type=sa.Text()), "postgresql")
OPEN = sa.text("state in ('waiting', 'delayed') and dispatched_at is null and blocked_by = 0")
SUMS = ("completed", "failed", "cancelled", "wait_ms", "run_ms")


def upgrade() -> None:
    widen_jobs()
    count_by_processor()
    add_dependencies()
    control_kinds_of_job()
    add_limits()
    roll_statistics_up()
    op.add_column("workers", sa.Column("drain_requested_at", UtcDateTime(), nullable=True))
    op.add_column("workers", sa.Column("drain_requested_by", sa.String(length=200), nullable=True))
    freeze_rows(op.get_bind(), "job_logs")
    add_functions()


def widen_jobs() -> None:
    """Columns for idempotency, parents and dependencies, and the dispatcher's new index."""
    op.add_column("jobs", sa.Column("idempotency_key", sa.String(length=200), nullable=True))
    op.add_column("jobs", sa.Column("payload_digest", sa.String(length=64), nullable=True))
    op.add_column("jobs", sa.Column("parent_id", sa.Uuid(), nullable=True))
    op.add_column("jobs", sa.Column("claimed_at", UtcDateTime(), nullable=True))
    op.add_column("jobs", sa.Column("blocked_by", sa.Integer(), nullable=False, server_default="0"))
    op.drop_index("ix_jobs_due", "jobs")
    op.drop_index("ix_jobs_subject", "jobs")
    columns = ["queue", "organization_id", "processor", "priority", "run_at"]
    op.create_index("ix_jobs_open", "jobs", columns, postgresql_where=OPEN, sqlite_where=OPEN)
    for name, column, unique in (
        ("ix_jobs_subject", "subject", False),
        ("ix_jobs_parent", "parent_id", False),
        ("uq_jobs_idempotency", "idempotency_key", True),
    ):
        given = sa.text(f"{column} is not null")
        columns = ["organization_id", column]
        op.create_index(name, "jobs", columns, unique=unique, postgresql_where=given, sqlite_where=given)


def count_by_processor() -> None:
    """Counters by kind of job, too."""
    connection = op.get_bind()
    stop_counting(connection, "jobs")
    op.drop_table("job_counts")
    op.create_table(
        "job_counts",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("processor", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=40), nullable=False),
        sa.Column("routine", sa.Boolean(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("count", BIG, nullable=False),
        sa.PrimaryKeyConstraint(
            "organization_id", "queue", "processor", "state", "routine", "slot", name="pk_job_counts"
        ),
    )
    names = "organization_id, queue, processor, state, routine"
    connection.execute(
        sa.text(f"insert into job_counts ({names}, count) select {names}, count(*) from jobs group by {names}")
    )
    isolate_table(connection, "job_counts", engine="select, insert, update, delete")
    count_rows(connection, "jobs", "job_counts", ["queue", "processor", "state", "routine"], slots=True)


def add_dependencies() -> None:
    """Jobs that wait for jobs."""
    op.create_table(
        "job_dependencies",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("needs_id", sa.Uuid(), nullable=False),
        sa.Column("on", sa.String(length=40), nullable=False),
        sa.Column("condition", JSON, nullable=True),
        sa.Column("resolved_at", UtcDateTime(), nullable=True),
        sa.Column("met", sa.Boolean(), nullable=True),
        *(
            sa.ForeignKeyConstraint(
                ["organization_id", column],
                ["jobs.organization_id", "jobs.id"],
                name=op.f(f"fk_job_dependencies_organization_id_{column}"),
                ondelete="CASCADE",
            )
            for column in ("job_id", "needs_id")
        ),
        sa.PrimaryKeyConstraint("organization_id", "job_id", "needs_id", name=op.f("pk_job_dependencies")),
    )
    op.create_index("ix_job_dependencies_needs", "job_dependencies", ["needs_id", "job_id"])
    isolate_table(op.get_bind(), "job_dependencies", engine="select, insert, update, delete")


def control_kinds_of_job() -> None:
    """A pause may apply to one kind of job only."""
    connection = op.get_bind()
    held = connection.execute(sa.text("select * from queue_controls")).mappings().all()
    op.drop_table("queue_controls")
    op.create_table(
        "queue_controls",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("processor", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("paused_at", UtcDateTime(), nullable=False),
        sa.Column("paused_until", UtcDateTime(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", "processor", name=op.f("pk_queue_controls")),
    )
    for row in held:
        names = ", ".join(f'"{name}"' for name in row)
        values = ", ".join(f":{name}" for name in row)
        connection.execute(sa.text(f"insert into queue_controls ({names}) values ({values})"), dict(row))
    isolate_table(connection, "queue_controls", engine="select")


def add_limits() -> None:
    """What an organization may ask of a queue."""
    op.create_table(
        "queue_limits",
        sa.Column("organization_id", sa.Uuid(), nullable=False),
        sa.Column("queue", sa.String(length=40), nullable=False),
        sa.Column("at_once", sa.Integer(), nullable=True),
        sa.Column("per_minute", sa.Integer(), nullable=True),
        sa.Column("waiting", sa.Integer(), nullable=True),
        sa.Column("next_at", UtcDateTime(), nullable=True),
        sa.Column("changed_at", UtcDateTime(), nullable=False),
        sa.Column("changed_by", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("organization_id", "queue", name=op.f("pk_queue_limits")),
    )
    isolate_table(op.get_bind(), "queue_limits", engine="select, update")


def roll_statistics_up() -> None:
    """Statistics by hour and day, filled from those by minute."""
    connection = op.get_bind()
    is_postgres = connection.dialect.name == "postgresql"
    for span in ("hour", "day"):
        table = f"stats_{span}"
        op.create_table(
            table,
            sa.Column("organization_id", sa.Uuid(), nullable=False),
            sa.Column("queue", sa.String(length=40), nullable=False),
            sa.Column(span, UtcDateTime(), nullable=False),
            *(sa.Column(name, BIG if name.endswith("_ms") else sa.Integer(), nullable=False) for name in SUMS),
            sa.PrimaryKeyConstraint("organization_id", "queue", span, name=f"pk_{table}"),
        )
        cut = {"hour": "%Y-%m-%d %H:00:00.000000", "day": "%Y-%m-%d 00:00:00.000000"}[span]
        moment = f"date_trunc('{span}', minute, 'UTC')" if is_postgres else f"strftime('{cut}', minute)"
        sums = ", ".join(f"sum({name})" for name in SUMS)
        connection.execute(
            sa.text(
                f"insert into {table} (organization_id, queue, {span}, {', '.join(SUMS)}) "
                f"select organization_id, queue, {moment}, {sums} from stats_minute group by 1, 2, 3"
            )
        )
        isolate_table(connection, table, engine="select, insert, update, delete")


def add_functions() -> None:
    """Two functions for people who query the database directly; jobs.statistics and jobs.retention do the same."""
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    connection.execute(sa.text(ORGANIZATION_JOB_STATS))
    connection.execute(sa.text(CLEANUP_OLD_JOB_LOGS))


ORGANIZATION_JOB_STATS = """
create function get_organization_job_stats(organization uuid, days integer)
returns table (
    queue text, waiting bigint, active bigint, delayed bigint,
    completed bigint, failed bigint, cancelled bigint, average_wait_ms bigint, average_run_ms bigint
)
language sql stable as $$
    with now_there as (
        select c.queue, c.state, sum(c.count)::bigint as n
        from job_counts c where c.organization_id = organization group by c.queue, c.state
    ), ended as (
        select d.queue, sum(d.completed)::bigint as completed, sum(d.failed)::bigint as failed,
            sum(d.cancelled)::bigint as cancelled, sum(d.wait_ms)::bigint as wait_ms, sum(d.run_ms)::bigint as run_ms
        from stats_day d
        where d.organization_id = organization
        and d.day >= date_trunc('day', now(), 'UTC') - make_interval(days => greatest(days, 1) - 1)
        group by d.queue
    ), queues (queue) as (
        values ('bulk-messages'), ('contact-import'), ('template-processing'), ('email-notification')
    )
    select q.queue,
        coalesce((select n from now_there t where t.queue = q.queue and t.state = 'waiting'), 0),
        coalesce((select n from now_there t where t.queue = q.queue and t.state = 'active'), 0),
        coalesce((select n from now_there t where t.queue = q.queue and t.state = 'delayed'), 0),
        coalesce(e.completed, 0), coalesce(e.failed, 0), coalesce(e.cancelled, 0),
        coalesce(e.wait_ms / nullif(e.completed + e.failed + e.cancelled, 0), 0),
        coalesce(e.run_ms / nullif(e.completed + e.failed + e.cancelled, 0), 0)
    from queues q left join ended e on e.queue = q.queue
    order by q.queue
$$
"""

CLEANUP_OLD_JOB_LOGS = """
create function cleanup_old_job_logs(days integer) returns bigint language plpgsql as $$
declare
    gone bigint;
begin
    if days < 1 then
        raise exception 'days should be 1 or more, not %', days;
    end if;
    delete from job_logs where finished_at < now() - make_interval(days => days);
    get diagnostics gone = row_count;
    return gone;
end $$
"""


def downgrade() -> None:
    raise NotImplementedError("the history cannot be narrowed again")

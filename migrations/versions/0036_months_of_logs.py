"""On PostgreSQL the history of jobs is kept in parts of a month each, which go as a whole.

Safe while the version before works: it reads and writes the same table by the same statements. The rows stay where they
are; the look whether all are old enough goes on beside everybody's work.
"""

from collections.abc import Callable

from alembic import op
from sqlalchemy import Connection, text

from adsapp.core.clock import utcnow
from adsapp.core.db.ddl import rows_of_all
from adsapp.core.db.months import JOB_LOGS
from adsapp.core.db.parting import Parting, bound_of, look_up, make_whole, part

revision = "0036"
down_revision = "0035"

PARTING = Parting(
    JOB_LOGS,
    references=["fk_job_logs_organization_id foreign key (organization_id) references organizations (id)"],
    indexes={"ix_job_logs_finished": "organization_id, finished_at", "ix_job_logs_job_id": "job_id"},
    engine="select, insert, update, delete",
)
FREEZE = "create trigger freeze_job_logs before update on job_logs for each row execute function freeze_job_logs()"


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    bound = bound_of(utcnow())
    with op.get_context().autocommit_block():
        look_up(op.get_bind(), PARTING, bound)
    _refreeze(op.get_bind(), lambda connection: part(connection, PARTING, bound))


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    with rows_of_all(op.get_bind(), "organizations"):  # all of which the new table's reference is checked against
        _refreeze(op.get_bind(), lambda connection: make_whole(connection, PARTING))


def _refreeze(connection: Connection, change: Callable[[Connection], None]) -> None:
    """The trigger that refuses changes is on the table as a whole."""
    connection.execute(text("drop trigger freeze_job_logs on job_logs"))
    change(connection)
    connection.execute(text(FREEZE))

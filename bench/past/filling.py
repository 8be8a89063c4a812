"""Makes the past: jobs with attempts, log and statistics, by a handful of statements on either database.

70, 10, 10 and 10 in 100 jobs are in the four queues, 60 in 100 are one organization's; 5 failed at the third attempt,
each with an error and a trace, 1 was cancelled, the others completed. Four in five came in just now, one every
BUSY_MS, so that the last hour is as busy however long the past; the others evenly over the time before, DAYS in all. Of
the newest ones some wait, are delayed or run. Triggers keep the counters, as they do for jobs that come one by one.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from adsapp.jobs.retention import MINUTES_KEPT_DAYS
from bench.past.dialects import Dialect, dialect_of

DAYS = 85  # less than what is kept
CHUNK = 100_000
BUSY_MS = 7_000
NEWEST = 150  # among them are those that have not ended
DAY_MS = 86_400_000
RUN_MS, WAIT_MS = 2_300, 180

QUEUES = ("bulk-messages", "contact-import", "template-processing", "email-notification")
KINDS = ("bulk-message", "import-contacts", "demo", "send-email")
TITLES = ("Send Spring offer ", "Import customers ", "Render the templates of brand ", "E-mail Welcome ")
ERRORS = (
    ("131047", "The provider answered 131047: more than 24 hours have passed since this person last wrote"),
    ("timeout", "The request to graph.example took longer than 30 s and was given up, message "),
    ("KeyError", "KeyError: the variable first_name has no value and no fallback, row "),
)
TRACE = "\n".join(f'  File "module_{n}.py", line {40 + n}, in step_{n}' for n in range(14))


@dataclass(frozen=True)
class Past:
    """What there is to be: `count` jobs of these organizations (the first has most) up to a moment.

    Jobs of the first two queues stand for these campaigns and imports.
    """

    organizations: Sequence[uuid.UUID]
    count: int
    until: datetime
    campaigns: Sequence[uuid.UUID]
    imports: Sequence[uuid.UUID]

    @property
    def busy_ms(self) -> int:
        """Between two jobs of the last days."""
        return min(BUSY_MS, DAYS * DAY_MS // self.count)

    @property
    def middle(self) -> datetime:
        """When half of the jobs had come in."""
        return self.until - timedelta(milliseconds=self.count // 2 * self.busy_ms)


def fill(connection: Connection, past: Past, payload: bytes) -> None:
    """Make it all; the connection may see every organization."""
    say = dialect_of(connection.dialect.name)
    for first in range(1, past.count + 1, CHUNK):
        _fill(connection, say, past, payload, first, min(first + CHUNK - 1, past.count))
    _sum_up(connection, say, past)


def add_failed(connection: Connection, past: Past, payload: bytes, queue: str, wanted: int) -> None:
    """Further failed jobs of the first organization, until a queue has so many."""
    say, mine = dialect_of(connection.dialect.name), past.organizations[:1]
    counted = text(
        "select coalesce(sum(count), 0) from job_counts where state = 'failed' and queue = :queue and "
        f"organization_id = {say.literal(mine[0])}"
    )
    missing = wanted - int(connection.execute(counted, {"queue": queue}).scalar_one())
    if missing <= 0:
        raise RuntimeError(f"{queue} has more than {wanted} failed jobs already")
    _seed(connection, say, replace(past, organizations=mine, count=missing), 1, missing)
    at = QUEUES.index(queue)
    connection.execute(
        text(f"update seeds set queue = '{queue}', kind = '{KINDS[at]}', subject = null, state = 'failed', attempt = 3")
    )
    _harvest(connection, say, payload)


def _fill(connection: Connection, say: Dialect, past: Past, payload: bytes, first: int, last: int) -> None:
    _seed(connection, say, past, first, last)
    _harvest(connection, say, payload)


def _seed(connection: Connection, say: Dialect, past: Past, first: int, last: int) -> None:
    """One row a job with what decides about it; `h` is scattered, so that no two properties go together."""
    busy, quiet = "(:count - n) * :busy_ms", ":tail_ms + (:quiet - n) * :quiet_ms"
    ms = f":until_ms - case when n > :quiet then {busy} else {quiet} end"
    spread = f"n, ((n * 2654435761) % 4294967296) / 64 as h, {ms} as ms"
    newest = f"n > :count - {NEWEST} and h / 31 % 3 = 0"
    state = (
        f"case when {newest} then case h / 97 % 3 when 0 then 'waiting' when 1 then 'delayed' else 'active' end "
        "when h / 1000 % 100 < 5 then 'failed' when h / 1000 % 100 = 5 then 'cancelled' else 'completed' end"
    )
    connection.execute(
        text(
            f"create temporary table seeds as select n, h, ms, {_id(say)} as id, "
            f"{_organization(say, past)} as organization_id, {_by_queue(QUEUES)} as queue, {_by_queue(KINDS)} as kind, "
            f"{_by_queue(TITLES)} || n as title, {_subject(past)} as subject, state, "
            "case state when 'failed' then 3 when 'waiting' then 0 else 1 end as attempt "
            f"from (select *, {state} as state from (select {spread} from {say.series}) numbered) judged"
        ),
        {"first": first, "last": last} | _pace(past),
    )


def _pace(past: Past) -> dict[str, int]:
    quiet = past.count // 5
    tail_ms = (past.count - quiet) * past.busy_ms
    return {
        "count": past.count,
        "until_ms": int(past.until.timestamp() * 1000),
        "quiet": quiet,
        "busy_ms": past.busy_ms,
        "tail_ms": tail_ms,
        "quiet_ms": (DAYS * DAY_MS - tail_ms) // quiet,
    }


def _id(say: Dialect) -> str:
    # UUIDv7 by hand: the milliseconds, the version, a counter, the variant, what makes it unlike others.
    parts = (say.hex("ms", 12), "'7'", say.hex("n % 4096", 3), "'8'", say.hex("h", 7), say.hex("n", 8))
    return say.id(" || ".join(parts))


def _organization(say: Dialect, past: Past) -> str:
    first, *others = (say.literal(each) for each in past.organizations)
    if not others:
        return first
    cases = " ".join(f"when {place} then {each}" for place, each in enumerate(others))
    return f"case when h % 10 < 6 then {first} else case h / 10 % {len(others)} {cases} end end"


def _by_queue(values: Sequence[str], quote: str = "'") -> str:
    first, *others = (f"{quote}{value}{quote}" for value in values)
    tenths = " ".join(f"when {place} then {value}" for place, value in zip((7, 8, 9), others, strict=True))
    return f"case h / 100 % 10 {tenths} else {first} end"


def _subject(past: Past) -> str:
    """Every job of the others' organizations names one of the first's too: nobody looks at those."""
    return _by_queue((_one_of("campaign", past.campaigns), _one_of("import", past.imports), "null", "null"), quote="")


def _one_of(kind: str, ids: Sequence[uuid.UUID]) -> str:
    cases = " ".join(f"when {place} then '{kind}:{each}'" for place, each in enumerate(ids))
    return f"case h % {len(ids)} {cases} end"


def _error(of: int) -> str:
    cases = " ".join(f"when {place} then '{error[of]}'" for place, error in enumerate(ERRORS))
    ending = " || n" if of else ""
    return f"case when state = 'failed' then case h % {len(ERRORS)} {cases} end{ending} end"


def _harvest(connection: Connection, say: Dialect, payload: bytes) -> None:
    for statement in (_jobs(say), _attempts(say), _logs(say)):
        given = {"payload": payload, "trace": TRACE}
        connection.execute(text(statement), {name: value for name, value in given.items() if f":{name}" in statement})
    connection.execute(text("drop table seeds"))


def _jobs(say: Dialect) -> str:
    begun, ended = "state not in ('waiting', 'delayed')", "state in ('completed', 'failed', 'cancelled')"
    columns = {
        "id": "id",
        "organization_id": "organization_id",
        "queue": "queue",
        "processor": "kind",
        "title": "title",
        "subject": "subject",
        "priority": "1 + h % 4",
        "state": "state",
        "payload": ":payload",
        "run_at": say.moment("ms + case when state = 'delayed' then 3600000 else 0 end"),
        "wait_reason": "case when state = 'delayed' then 'the number is slowed down by its provider' end",
        "created_at": say.moment("ms"),
        "created_by": "'Alice'",
        "started_at": f"case when {begun} then {say.moment(f'ms + {WAIT_MS}')} end",
        "finished_at": f"case when {ended} then {say.moment(f'ms + {WAIT_MS + RUN_MS}')} end",
        "lease_until": f"case when state = 'active' then {say.moment(f'ms + {DAY_MS}')} end",
        "attempt": "attempt",
        "failures": "case when state = 'failed' then 3 else 0 end",
        "max_attempts": "3",
        "timeout_seconds": "600",
        "handed_back": "false",
        "blocked_by": "0",
        "routine": "false",
        "progress_total": "case when attempt > 0 then 1000 end",
        "progress_done": "case when state = 'completed' then 1000 when attempt > 0 then 420 else 0 end",
        "progress_failed": "case when state = 'failed' then 7 else 0 end",
        "error_code": _error(0),
        "error": _error(1),
    }
    return _insert("jobs", columns, "seeds")


def _attempts(say: Dialect) -> str:
    last = "a = attempt"
    columns = {
        "organization_id": "organization_id",
        "job_id": "id",
        "attempt": "a",
        "worker_id": "id",
        "worker": "'harbour:' || (400 + h % 7)",
        "started_at": say.moment(f"ms + {WAIT_MS}"),
        "ended_at": f"case when not ({last} and state = 'active') then {say.moment(f'ms + {WAIT_MS + RUN_MS}')} end",
        "outcome": f"case when {last} then case when state <> 'active' then state end else 'retry' end",
        "error": _error(1),
        "trace": "case when state = 'failed' then :trace end",
    }
    source = "seeds join (select 1 as a union all select 2 union all select 3) each_one on a <= attempt"
    return _insert("job_attempts", columns, source)


def _logs(say: Dialect) -> str:
    columns = {
        "organization_id": "organization_id",
        "job_id": "id",
        "queue": "queue",
        "processor": "kind",
        "title": "title",
        "state": "state",
        "priority": "1 + h % 4",
        "attempts": "attempt",
        "created_at": say.moment("ms"),
        "started_at": say.moment(f"ms + {WAIT_MS}"),
        "finished_at": say.moment(f"ms + {WAIT_MS + RUN_MS}"),
        "done": "1000",
        "failed": "case when state = 'failed' then 7 else 0 end",
        "error_code": _error(0),
        "error": _error(1),
    }
    return _insert("job_logs", columns, "seeds where state in ('completed', 'failed', 'cancelled')")


def _insert(table: str, columns: dict[str, str], source: str) -> str:
    return f"insert into {table} ({', '.join(columns)}) select {', '.join(columns.values())} from {source} order by n"


def _sum_up(connection: Connection, say: Dialect, past: Past) -> None:
    """Minutes, hours and days, from the log; minutes as far back as they are kept."""
    for span in ("minute", "hour", "day"):
        ended = ", ".join(
            f"sum(case when state = '{state}' then 1 else 0 end)" for state in ("completed", "failed", "cancelled")
        )
        kept = f"where finished_at > {say.moment(':since_ms')}" if span == "minute" else ""
        since = int(past.until.timestamp() * 1000) - MINUTES_KEPT_DAYS * DAY_MS
        connection.execute(
            text(
                f"insert into stats_{span} (organization_id, queue, {span}, completed, failed, cancelled, wait_ms, "
                f"run_ms) select organization_id, queue, {say.cut('finished_at', span)}, {ended}, "
                f"count(*) * {WAIT_MS}, count(*) * {RUN_MS} from job_logs {kept} group by 1, 2, 3"
            ),
            {"since_ms": since} if kept else {},
        )

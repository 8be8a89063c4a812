"""What must be true after any run. Each check yields what is not, with the job's row and what the witness saw."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from typing import Any

from adsapp.jobs import State
from adsapp.jobs.states import FINAL, Measure
from tests.chaos.evidence import Evidence, Hold
from tests.chaos.moods import ATTEMPTS, Mood

Check = Callable[[Evidence], Iterator[str]]
FAILURES = ("failed", "retry", "lost")  # outcomes of attempts that count as one
MOST_SHOWN = 3  # of a kind


def judge(evidence: Evidence) -> list[str]:
    """Everything that is not as it must be, in words."""
    return [f"{check.__name__.strip('_')}: {words}" for check in CHECKS for words in check(evidence)]


def shown(violations: Sequence[str]) -> str:
    """The first few of each kind, for people."""
    seen: Counter[str] = Counter()
    lines = []
    for words in violations:
        kind = words.partition(":")[0]
        seen[kind] += 1
        lines += [words] if seen[kind] <= MOST_SHOWN else []
    return "\n".join([*lines, f"{len(violations)} in all: {dict(seen)}"])


# --- 1. every job ends as its mood demands ----------------------------------------------------------------------


def _ended_as_demanded(evidence: Evidence) -> Iterator[str]:
    for task in evidence.tasks:
        job_id = str(task.job_id)
        if not evidence.is_as_demanded(task) and not _is_excused(evidence, job_id):
            yield f"{task.mood} {task.number}\n    {evidence.of(job_id)}"


def _is_excused(evidence: Evidence, job_id: str) -> bool:
    """Its worker was lost at every single attempt, and the witness saw none of them end."""
    job, attempts = evidence.jobs.get(job_id), evidence.attempts_of[job_id]
    if job is None or (job.state, job.error_code) != (State.FAILED, "worker_lost"):
        return False
    returned = [hold for hold in evidence.holds.get(job_id, []) if hold.how == "returned"]
    return not returned and len(attempts) >= ATTEMPTS and all(each.outcome == "lost" for each in attempts)


def _failed_with_its_own_reason(evidence: Evidence) -> Iterator[str]:
    for task in evidence.tasks:
        job = evidence.jobs.get(str(task.job_id))
        if job is None or job.state != State.FAILED:
            continue
        last = evidence.attempts_of[str(job.id)][-1]
        own = "worker_lost" if last.outcome == "lost" else "chaos"
        if job.error_code != own and not _met_a_dead_database(evidence, job):
            yield evidence.of(str(job.id))


def _met_a_dead_database(evidence: Evidence, job: Any) -> bool:
    """Its last attempt came just when the database was away: that fails it like any error, and is said."""
    holds = evidence.holds.get(str(job.id), [])
    seen = holds[-1].how if holds else ""
    return job.error_code == seen == "OperationalError" and "connection" in job.error.lower()


def _was_done_to_the_end(evidence: Evidence) -> Iterator[str]:
    """A completed job has all its steps, each committed once, and the progress to show for it."""
    for task in evidence.tasks:
        job = evidence.jobs.get(str(task.job_id))
        if job is None or job.state != State.COMPLETED:
            continue
        steps = sorted(
            int(item.key.partition(":")[2]) for item in evidence.items_of[str(job.id)] if item.status == "step"
        )
        if task.mood in (Mood.COMMITS, Mood.HANDS_BACK) and steps != list(range(task.params.steps)):
            yield f"committed steps {steps} of {task.params.steps}\n    {evidence.of(str(job.id))}"
        if task.mood is not Mood.HANDS_BACK and job.progress_done != task.params.steps:
            yield f"progress {job.progress_done} of {task.params.steps}\n    {evidence.of(str(job.id))}"


# --- 2. no attempt runs twice at once ---------------------------------------------------------------------------


def _one_begin_for_each_hold(evidence: Evidence) -> Iterator[str]:
    for hold in _all_holds(evidence):
        if len(hold.numbers("begin")) != 1 or len(hold.numbers("end")) > 1:
            yield f"lease {hold.lease}\n    {evidence.of(hold.job)}"


def _holds_do_not_overlap(evidence: Evidence) -> Iterator[str]:
    """Only a worker that lost its attempt may still have been at it when the next one began."""
    lost = {(str(a.job_id), a.attempt) for a in evidence.attempts if a.outcome == "lost"}
    for job_id, holds in evidence.holds.items():
        for one, other in pairwise(holds):
            is_lost = one.attempt != other.attempt and (job_id, one.attempt) in lost
            if one.ended > other.began and not is_lost:
                yield f"leases {one.lease[:8]} and {other.lease[:8]}\n    {evidence.of(job_id)}"


# --- 3. a late worker overwrites nothing ------------------------------------------------------------------------


def _result_is_of_the_hold_that_ended_it(evidence: Evidence) -> Iterator[str]:
    for job_id, job in evidence.jobs.items():
        if job.state != State.COMPLETED:
            continue
        last = evidence.holds[job_id][-1]
        winner = next((a for a in evidence.attempts_of[job_id] if a.outcome == "completed"), None)
        said = (job.result or {}).get("lease"), (job.result or {}).get("attempt")
        if said != (last.lease, job.attempt) or winner is None or winner.attempt != job.attempt:
            yield evidence.of(job_id)


def _nothing_written_after_the_loss(evidence: Evidence) -> Iterator[str]:
    """What a hold found when it began is all that earlier ones have ever written."""
    for job_id, holds in evidence.holds.items():
        rows = Counter(item.key.partition(":")[0] for item in evidence.items_of[job_id])
        before = 0
        for hold in holds:
            if hold.saw is not None and hold.saw != before:
                yield f"lease {hold.lease[:8]} saw {hold.saw} rows, and there are {before}\n    {evidence.of(job_id)}"
            before += rows[hold.lease]


def _rows_were_witnessed(evidence: Evidence) -> Iterator[str]:
    """Every row is of a hold that told of it, once; and what the hold that ended it well told is all there."""
    for job_id, job in evidence.jobs.items():
        rows = Counter((item.status, *item.key.split(":")) for item in evidence.items_of[job_id])
        holds = evidence.holds.get(job_id, [])
        told = Counter(
            (what, hold.lease, n) for hold in holds for what in ("step", "noted") for n in hold.numbers(what)
        )
        if rows - told:
            yield f"rows that nobody told of: {rows - told}\n    {evidence.of(job_id)}"
        kept = (job.result or {}).get("lease") if job.state == State.COMPLETED else None
        if missing := [key for key in told - rows if key[1] == kept]:
            yield f"rows that are not there: {missing}\n    {evidence.of(job_id)}"


# --- 4. figures equal rows --------------------------------------------------------------------------------------


def _counts_equal_rows(evidence: Evidence) -> Iterator[str]:
    rows = Counter((j.organization_id, j.queue, j.processor, j.state, j.routine) for j in evidence.jobs.values())
    kept: Counter[Any] = Counter()
    for each in evidence.counts:  # a counter is the sum of its slots
        kept[each.organization_id, each.queue, each.processor, each.state, each.routine] += each.count
    for key in sorted({*kept, *rows}, key=str):
        if kept[key] != rows[key]:
            yield f"{', '.join(map(str, key))}: the counter says {kept[key]}, and there are {rows[key]}"


def _sums_equal_history(evidence: Evidence) -> Iterator[str]:
    logs = Counter((log.organization_id, log.queue, log.state.value) for log in evidence.logs)
    for table, rows in evidence.sums.items():
        sums: Counter[Any] = Counter()
        for row in rows:
            for state in FINAL:
                sums[row.organization_id, row.queue, state.value] += getattr(row, state.value)
        if +sums != logs:
            yield f"{table}: {dict(+sums - logs)} too many, {dict(logs - sums)} too few"


def _spread_equals_history(evidence: Evidence) -> Iterator[str]:
    """Each end of a job that was begun is in one bucket of its wait and in one of its run."""
    begun = Counter((log.organization_id, log.queue) for log in evidence.logs if log.started_at is not None)
    for measure in Measure:
        spread: Counter[Any] = Counter()
        for row in evidence.spread:
            if row.measure == measure:
                spread[row.organization_id, row.queue] += row.count
        if spread != begun:
            yield f"buckets of {measure}: {dict(spread - begun)} too many, {dict(begun - spread)} too few"


def _one_line_of_history_for_each_end(evidence: Evidence) -> Iterator[str]:
    for job_id, job in evidence.jobs.items():
        logs = [(log.state, log.attempts) for log in evidence.logs_of[job_id]]
        if logs != ([(job.state, job.attempt)] if job.state in FINAL else []):
            yield f"history {logs}\n    {evidence.of(job_id)}"


def _attempts_are_numbered_and_closed(evidence: Evidence) -> Iterator[str]:
    for job_id, job in evidence.jobs.items():
        attempts = evidence.attempts_of[job_id]
        if [each.attempt for each in attempts] != list(range(1, job.attempt + 1)):
            yield f"numbers\n    {evidence.of(job_id)}"
        if job.state in FINAL and any(each.ended_at is None or each.outcome is None for each in attempts):
            yield f"open\n    {evidence.of(job_id)}"
        if job.state == State.COMPLETED and attempts[-1].outcome != "completed":
            yield f"the last one\n    {evidence.of(job_id)}"


def _no_more_failures_than_attempts_allowed(evidence: Evidence) -> Iterator[str]:
    for task in evidence.tasks:
        job_id = str(task.job_id)
        job, failures = evidence.jobs.get(job_id), _failures(evidence.attempts_of[job_id])
        if job is None or task.mood in (
            Mood.HANDS_BACK,
            Mood.CANCELLED_AWAY,
            Mood.CANCELLED_LEAVING,
        ):  # each hand-back allows all of them anew
            continue
        if failures > job.max_attempts or (job.state == State.FAILED and job.failures != failures):
            yield f"{failures} failures\n    {evidence.of(job_id)}"


# --- 5. nothing is left over ------------------------------------------------------------------------------------


def _nothing_is_left_over(evidence: Evidence) -> Iterator[str]:
    for job_id, job in evidence.jobs.items():
        if job.state not in FINAL or job.lease_id is not None or job.lease_until is not None:
            yield evidence.of(job_id)


def _nothing_begins_twice(evidence: Evidence) -> Iterator[str]:
    for hold in _all_holds(evidence):
        if evidence.repeated_at is not None and hold.began > evidence.repeated_at:
            yield evidence.of(hold.job)


def _all_holds(evidence: Evidence) -> Iterator[Hold]:
    for holds in evidence.holds.values():
        yield from holds


def _failures(attempts: Sequence[Any]) -> int:
    return sum(each.outcome in FAILURES for each in attempts)


CHECKS: tuple[Check, ...] = (
    _ended_as_demanded,
    _failed_with_its_own_reason,
    _was_done_to_the_end,
    _one_begin_for_each_hold,
    _holds_do_not_overlap,
    _result_is_of_the_hold_that_ended_it,
    _nothing_written_after_the_loss,
    _rows_were_witnessed,
    _counts_equal_rows,
    _sums_equal_history,
    _spread_equals_history,
    _one_line_of_history_for_each_end,
    _attempts_are_numbered_and_closed,
    _no_more_failures_than_attempts_allowed,
    _nothing_is_left_over,
    _nothing_begins_twice,
)

"""`adsapp jobs …`: every verb of the queue manager, for people and for programs; one clear line where it fails."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from adsapp import jobs
from adsapp.cli.actor import BY
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.jobs import Job, Queue, State
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.jobs.models import QueueControl, QueueLimit
from adsapp.organizations.models import AuditEvent
from tests.cast import Cast
from tests.cli.conftest import Command, Done
from tests.installation import Installation
from tests.jobs.conftest import enqueue, finished, read, worker
from tests.lone_worker import add_lone_worker

__all__ = ["enqueue", "finished", "read", "worker"]

Run = Callable[..., Done]
Enqueue = Callable[..., uuid.UUID]
Read = Callable[[uuid.UUID], Job]
LATER = timedelta(days=1)
VERBS = [
    *("health", "list", "show", "stats", "failed", "retry", "cancel", "promote", "priority", "clean"),
    *("pause", "resume", "limit", "workers", "drain"),
]


@pytest.fixture
def run(settings: Settings, command: Command, cast: Cast) -> Run:
    """Run `adsapp jobs … --organization harbour-bakery`."""
    told = Installation(settings).environment

    def call(*arguments: object, slug: str = "harbour-bakery") -> Done:
        where = ("--organization", slug) if slug else ()
        return command(told, ("jobs", *map(str, arguments), *where))

    return call


def told(done: Done) -> Any:
    """What a program reads."""
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def change(app: Flask, cast: Cast, job_id: uuid.UUID, **values: object) -> None:
    with db.organization_context(app, cast.bakery_id):
        job = db.session.get_one(Job, job_id)
        for name, value in values.items():
            setattr(job, name, value)
        db.session.commit()


def fail(app: Flask, cast: Cast, job_id: uuid.UUID) -> uuid.UUID:
    change(app, cast, job_id, state=State.FAILED, error="No such number\nsecond line", finished_at=utcnow())
    return job_id


@pytest.fixture
def lone_worker(app: Flask, cast: Cast) -> uuid.UUID:
    """A worker process of two queues that lives on without a heartbeat."""
    return add_lone_worker(app, [Queue.BULK_MESSAGES, Queue.CONTACT_IMPORT])


def test_health_names_each_queue_without_a_worker_and_exits_with_1(run: Run, lone_worker: uuid.UUID) -> None:
    done = run("health")
    assert done.returncode == 1
    assert "No worker is running for template-processing" in done.stderr
    assert "bulk-messages" not in done.stderr
    assert "Not healthy" in done.stdout
    as_json = run("health", "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["queues"]["template-processing"]["workers"] == 0


def test_health_is_0_where_workers_serve_every_queue(app: Flask, run: Run) -> None:
    add_lone_worker(app, Queue)
    done = run("health")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Healthy")


def test_stats_count_each_state_and_what_a_pause_holds_back(run: Run, enqueue: Enqueue) -> None:
    enqueue()
    enqueue(run_at=utcnow() + LATER)
    before = told(run("stats", "--json"))["queues"]["template-processing"]
    assert (before["waiting"], before["delayed"], before["paused"]) == (1, 1, 0)
    run("pause", "template-processing", "--kind", "demo", "--reason", "a look")
    after = told(run("stats", "--json"))["queues"]["template-processing"]
    assert (after["waiting"], after["paused"]) == (1, 1)
    head = run("stats").stdout.splitlines()[0].split()
    assert head == ["queue", "waiting", "(paused)", "active", "delayed", "completed", "failed", "cancelled", "total"]
    states = {name: count for name, count in after.items() if name not in ("paused", "total")}
    assert sum(states.values()) == after["total"] == 2
    assert "those of the waiting jobs that a pause holds back" in run("stats").stdout


def test_stats_tell_what_ended_on_each_day(run: Run, worker: WorkerProcess, enqueue: Enqueue, finished: Read) -> None:
    assert "Nothing ended" in run("stats", "--days", 3).stdout
    finished(enqueue())
    history = told(run("stats", "--days", 3, "--json"))["history"]
    assert [(day["queue"], day["completed"]) for day in history] == [("template-processing", 1)]
    assert f"{utcnow():%Y-%m-%d}" in run("stats", "--days", 3).stdout
    assert run("stats", "--days", 91).returncode == 2


def test_failed_lists_them_with_the_reason(app: Flask, cast: Cast, run: Run, enqueue: Enqueue) -> None:
    assert run("failed").stdout == "No job has failed.\n"
    job_id = fail(app, cast, enqueue(title="Import march.csv"))
    text = run("failed").stdout
    for words in (str(job_id), "Import march.csv", "No such number", "template-processing"):
        assert words in text
    assert "second line" not in text
    assert run("failed", "--queue", "bulk-messages").stdout == "No job has failed.\n"
    (job,) = told(run("failed", "--json"))["jobs"]
    assert (job["id"], job["error"]["message"]) == (str(job_id), "No such number\nsecond line")


@pytest.mark.parametrize(
    "error, shown",
    [
        ("Short", "Short"),
        ("x" * 80, "x" * 80),
        ("x" * 81, "x" * 79 + "…"),
        ("One line\nand another", "One line…"),
        ("", "–"),
    ],
)
def test_an_error_that_is_cut_says_so(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, error: str, shown: str
) -> None:
    change(app, cast, enqueue(title="Import"), state=State.FAILED, error=error, finished_at=utcnow())
    assert run("failed").stdout.splitlines()[1].endswith(f"Import  {shown}")


def test_named_jobs_are_retried_all_or_none(app: Flask, cast: Cast, run: Run, enqueue: Enqueue, read: Read) -> None:
    failed, waiting = fail(app, cast, enqueue()), enqueue(title="Waits")
    done = run("retry", failed, waiting)
    assert done.returncode == 1
    assert f"{waiting} (Waits): Only failed and cancelled jobs can be retried; this one is waiting" in done.stderr
    assert "Nothing was changed" in done.stderr
    assert read(failed).state == State.FAILED
    assert told(run("retry", failed, "--json"))["state"] == "waiting"
    assert read(failed).state == State.WAITING


def test_all_that_failed_are_retried_by_one_operation(app: Flask, cast: Cast, run: Run, enqueue: Enqueue) -> None:
    for _ in range(3):
        fail(app, cast, enqueue())
    done = run("retry", "--all-failed", "--queue", "template-processing")
    assert (done.returncode, done.stdout.startswith("Retry 3 failed jobs: started as job ")) == (0, True)
    refused = run("retry", "--all-failed", "--queue", "bulk-messages")
    assert (refused.returncode, "No job matches" in refused.stderr) == (1, True)
    assert run("retry").returncode == 2


def test_an_operation_is_watched_to_its_end(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, worker: WorkerProcess
) -> None:
    failed = [fail(app, cast, enqueue(run_at=utcnow() + LATER)) for _ in range(3)]
    done = run("retry", "--all-failed", "--wait")
    assert (done.returncode, done.stdout) == (0, f"Retry {len(failed)} failed jobs: completed. 3 jobs changed.\n")


def test_a_job_is_cancelled_once(run: Run, enqueue: Enqueue) -> None:
    job_id = enqueue(title="Doomed")
    assert run("cancel", job_id).stdout == "Doomed: cancelled, priority 3\n"
    done = run("cancel", job_id)
    assert (done.returncode, "cancelled already" in done.stderr) == (1, True)


def test_a_delayed_job_is_promoted(run: Run, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue(run_at=utcnow() + LATER)
    assert run("promote", job_id).returncode == 0
    assert read(job_id).state == State.WAITING
    assert "Only a delayed job can be run early" in run("promote", job_id).stderr


def test_a_priority_is_changed_and_one_out_of_range_refused(run: Run, enqueue: Enqueue, read: Read) -> None:
    job_id = enqueue()
    assert run("priority", job_id, 1).returncode == 0
    assert read(job_id).priority == 1
    done = run("priority", job_id, 9)
    assert (done.returncode, "priority should be 1 (critical) to 4 (low), not 9" in done.stderr) == (1, True)


def controls(app: Flask, cast: Cast) -> list[QueueControl]:
    with db.organization_context(app, cast.bakery_id), db.reading():
        return list(db.session.scalars(select(QueueControl)))


def test_a_queue_or_a_kind_of_job_is_paused_until_a_moment_and_resumed(app: Flask, cast: Cast, run: Run) -> None:
    assert run("pause", "bulk-messages", "--reason", "lunch", "--hours", 1.5).returncode == 0
    assert run(
        "pause", "template-processing", "--kind", "demo", "--reason", "a look", "--until", "2099-03-28T09:00+01:00"
    ).stdout == ("demo in template-processing is paused until 2099-03-28T08:00:00.000Z.\n")
    first, second = sorted(controls(app, cast), key=lambda control: control.queue)
    assert first.paused_until
    assert timedelta(hours=1) < first.paused_until - utcnow() < timedelta(hours=2)
    assert (second.processor, second.by) == ("demo", BY.name)
    run("resume", "template-processing", "--kind", "demo")
    run("resume", "bulk-messages")
    assert controls(app, cast) == []


@pytest.mark.parametrize(
    "arguments, code, says",
    [
        (("fax", "--reason", "x"), 1, "There is no queue fax; there are bulk-messages"),
        (("bulk-messages", "--reason", " "), 1, "Say why"),
        (("bulk-messages", "--reason", "x", "--kind", "demo"), 1, "belongs to the queue template-processing"),
        (("bulk-messages", "--reason", "x", "--kind", "fax"), 1, "No processor is called fax"),
        (("bulk-messages", "--reason", "x", "--until", "2001-01-01"), 1, "until should be in the future"),
        (("bulk-messages", "--reason", "x", "--until", "soon"), 1, "until should be a moment"),
        (("bulk-messages", "--reason", "x", "--until", "2099-01-01", "--hours", 1), 2, "not both"),
        (("bulk-messages",), 2, "--reason"),
    ],
)
def test_a_wrong_pause_is_refused(run: Run, arguments: tuple[object, ...], code: int, says: str) -> None:
    done = run("pause", *arguments)
    assert (done.returncode, says in done.stderr) == (code, True), done.stderr


def test_limits_are_shown_changed_one_by_one_and_lifted(app: Flask, cast: Cast, run: Run) -> None:
    assert run("limit", "bulk-messages").stdout == "bulk-messages: no limits\n"
    run("limit", "bulk-messages", "--at-once", 2, "--per-minute", 60)
    assert run("limit", "bulk-messages", "--waiting", 1000).stdout == (
        "bulk-messages: 2 jobs at once, 60 jobs a minute, 1,000 jobs waiting\n"
    )
    assert told(run("limit", "bulk-messages", "--per-minute", 0, "--json"))["limits"] == {
        "at_once": 2,
        "per_minute": None,
        "waiting": 1000,
    }
    assert run("limit", "bulk-messages", "--none").stdout == "bulk-messages: no limits\n"
    with db.organization_context(app, cast.bakery_id):
        assert db.session.scalars(select(QueueLimit)).all() == []
        changes = db.session.scalars(select(AuditEvent.details).where(AuditEvent.action == "change queue limits")).all()
    assert len(changes) == 4
    assert run("limit", "bulk-messages", "--at-once", 1).stdout == "bulk-messages: 1 job at once\n"
    assert run("limit", "bulk-messages", "--at-once", -1).returncode == 2
    assert run("limit", "bulk-messages", "--at-once", 1, "--none").returncode == 2


def test_clean_says_how_many_and_asks_first(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    asked = ("clean", "--state", "completed", "--older-than-days", 0)
    assert run(*asked).stdout == "No job is that old; nothing to remove.\n"
    job_id = enqueue()
    finished(job_id)
    done = run(*asked)
    assert (done.returncode, "Remove 1 completed job that ended more than 0 days ago? Say --yes" in done.stderr) == (
        2,
        True,
    )
    assert run(*asked, "--yes", "--wait").stdout == "Remove 1 completed job: completed. 1 job removed.\n"
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, job_id) is None
    assert run("clean", "--state", "active", "--older-than-days", 1).returncode == 2


def test_clean_leaves_routine_work_unless_asked_and_says_so(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, worker: WorkerProcess, finished: Read
) -> None:
    asked = ("clean", "--state", "completed", "--older-than-days", 0, "--yes", "--wait")
    plain, routine = enqueue(), enqueue()
    for job_id in (plain, routine):
        finished(job_id)
    change(app, cast, routine, routine=True)
    stays = "1 job of routine work stays, as it was not asked for."
    assert run(*asked).stdout == f"Remove 1 completed job: completed. 1 job removed. {stays}\n"
    assert told(run(*asked, "--routine", "--json"))["job"]["result"]["removed"] >= 1
    with db.organization_context(app, cast.bakery_id):
        assert db.session.get(Job, routine) is None


def test_workers_are_listed_with_what_they_do_for_all_organizations(
    app: Flask, cast: Cast, run: Run, enqueue: Enqueue, lone_worker: uuid.UUID
) -> None:
    change(app, cast, enqueue(), state=State.ACTIVE, worker_id=lone_worker, lease_until=utcnow())
    with db.organization_context(app, cast.other_id):
        job = jobs.enqueue("demo", {"mood": "succeeds"})
        job.state, job.worker_id = State.ACTIVE, lone_worker
        db.session.commit()
    (found,) = told(run("workers", "--json", slug=""))["workers"]
    assert (found["name"], found["running_jobs"], found["state"], found["jobs"]) == ("harbour-7", 2, "working", [])
    (mine,) = told(run("workers", "--json"))["workers"]
    assert (mine["running_jobs"], len(mine["jobs"])) == (1, 1)
    line = run("workers", slug="").stdout.splitlines()[1]
    for words in ("harbour-7", "working", "bulk-messages,contact-import", "61 MB", "0.1"):
        assert words in line


def test_no_worker_is_said_in_words(run: Run) -> None:
    assert run("workers", slug="").stdout == "No worker is running. Start one with: adsapp worker\n"


@pytest.mark.both
def test_a_worker_is_drained_once_by_its_name_or_id(run: Run, lone_worker: uuid.UUID) -> None:
    assert run("drain", "harbour-7", slug="").stdout == "harbour-7 ends when its jobs have.\n"
    again = run("drain", lone_worker, slug="")
    assert (again.returncode, "drain already" in again.stderr) == (1, True)
    (found,) = told(run("workers", "--json", slug=""))["workers"]
    assert (found["state"], found["drain"]["by"]) == ("draining", BY.name)
    assert "There is no worker harbour-8" in run("drain", "harbour-8", slug="").stderr


@pytest.mark.parametrize("verb", [("cancel",), ("retry",), ("promote",), ("priority",)])
def test_another_organizations_job_is_unknown(run: Run, enqueue: Enqueue, read: Read, verb: tuple[str]) -> None:
    job_id = enqueue()
    extra = (1,) if verb == ("priority",) else ()
    done = run(*verb, job_id, *extra, slug="charlies")
    assert (done.returncode, done.stderr) == (1, f"adsapp: charlies has no job {job_id}\n")
    assert run(*verb, "nonsense", *extra).returncode == 2
    assert read(job_id).state == State.WAITING


def test_every_verb_has_help(run: Run) -> None:
    listed = run("--help", slug="").stdout
    for verb in VERBS:
        assert verb in listed
        assert run(verb, "--help", slug="").stdout.strip()


def test_a_second_pause_says_what_it_takes_the_place_of(run: Run) -> None:
    run("pause", "bulk-messages", "--reason", "Flour recall", "--hours", "1")
    again = run("pause", "bulk-messages", "--reason", "again").stdout
    assert "This takes the place of the pause by command line until" in again
    assert "Flour recall" in again


def test_a_queue_that_was_not_paused_is_said_to_be_so_and_nothing_is_noted(app: Flask, cast: Cast, run: Run) -> None:
    assert run("resume", "bulk-messages").stdout == "bulk-messages was not paused.\n"
    with db.organization_context(app, cast.bakery_id), db.reading():
        assert db.session.scalars(select(AuditEvent)).all() == []


def test_what_is_no_id_is_refused_with_where_to_find_one(run: Run) -> None:
    done = run("cancel", "nope")
    assert (done.returncode, "'nope' is no job id; `adsapp jobs list` shows them" in done.stderr) == (2, True)

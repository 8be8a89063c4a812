"""The application on the air: a real web server, a real sandbox process, an account at it, workers in this process."""

import hashlib
import hmac
import json
import subprocess
import sys
import threading
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from werkzeug.serving import WSGIRequestHandler, make_server

from adsapp.campaigns import queries
from adsapp.campaigns.compose.draft import CampaignIn
from adsapp.campaigns.models import Campaign, CampaignRecipient
from adsapp.campaigns.queries import Counts
from adsapp.campaigns.service import create_campaign
from adsapp.contacts.models import Contact
from adsapp.contacts.values.phones import person_key
from adsapp.core import db
from adsapp.integrations.models import Account
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import Job, Queue
from adsapp.jobs.engine.worker import WorkerProcess
from adsapp.message_templates.models import MessageTemplate
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.waiting import wait_for

TOKEN, SECRET, VERIFY = "live-token", "live-secret", "live-verify"
STOPS_WITHIN = 0.02  # seconds between two looks whether the web server is to stop; half a second by itself
_numbers = count(100_000_000_000_001)


class Silent(WSGIRequestHandler):
    """Writes no line for each request."""

    def log_request(self, *_: object) -> None:
        """See above."""


@contextmanager
def running_web(app: Flask) -> Iterator[str]:
    """The application behind a threaded server on a free loopback port; its address."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Silent)
    thread = threading.Thread(target=server.serve_forever, args=(STOPS_WITHIN,), name="web", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join(10)
        server.server_close()


@contextmanager
def running_sandbox(config: Path, **changes: Any) -> Iterator[str]:
    """A sandbox process on a free port; its address."""
    usual = {"host": "127.0.0.1", "port": 0, "fast": True, "magic": False, "us_marketing": True}
    config.write_text(json.dumps(usual | changes))
    command = [sys.executable, "-m", "adsapp.sandbox", "--config", str(config)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("sandbox: ").strip()
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:  # on a busy machine: nothing is left behind all the same
            process.kill()
            process.wait()


@dataclass
class Sandbox:
    """The sandbox's control API, for one number."""

    url: str
    phone_number_id: str

    def call(self, path: str, body: object = None, method: str | None = None) -> Any:
        """Ask it; the answer as JSON."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/_sandbox/{path}", data=data, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def fault(self, to: str = "*", **rule: Any) -> None:
        """Inject a fault for this number."""
        self.call("faults", {"match": {"to": to, "phone_number_id": self.phone_number_id}, **rule})

    def ledger(self) -> list[dict[str, Any]]:
        """Messages accepted from this number."""
        messages: list[dict[str, Any]] = self.call(f"ledger?phone_number_id={self.phone_number_id}")["messages"]
        return messages

    def numbers(self) -> list[str]:
        """Whom messages were accepted for, sorted."""
        return sorted(message["to"] for message in self.ledger())

    def stats(self) -> dict[str, Any]:
        """Figures of this number."""
        figures: dict[str, Any] = self.call("stats")["numbers"][self.phone_number_id]
        return figures


@dataclass
class Bakery:
    """Harbour Bakery with an account that sends, whoever its provider is."""

    app: Flask
    cast: Cast
    account_id: uuid.UUID
    workers: list[WorkerProcess] = field(default_factory=list, kw_only=True)

    @contextmanager
    def organization(self) -> Iterator[None]:
        """A session of Harbour Bakery."""
        with db.organization_context(self.app, self.cast.bakery_id):
            yield

    def start_worker(self, *queues: Queue) -> WorkerProcess:
        """Another worker process's worth of consumers."""
        worker = WorkerProcess(self.app, list(queues or Queue))
        worker.start()
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """Stop all workers."""
        while self.workers:
            self.workers.pop().stop()

    def contacts(self, *phones: str, **values: Any) -> list[uuid.UUID]:
        """Make contacts with these numbers, named Row 1, Row 2, …."""
        with self.organization():
            made = [self._contact(phone, place, values) for place, phone in enumerate(phones, 1)]
            db.session.add_all(made)
            db.session.commit()
            return [contact.id for contact in made]

    def _contact(self, phone: str, place: int, values: Mapping[str, Any]) -> Contact:
        named = {"name": f"Row {place}", "first_name": f"Row{place}"} | dict(values)
        return Contact(organization_id=self.cast.bakery_id, phone=phone, person_key=person_key(phone), **named)

    def start_campaign(self, **changes: Any) -> uuid.UUID:
        """Create a campaign to everyone, of the template `welcome`; changes go into its CampaignIn."""
        values: dict[str, Any] = {
            "name": "Welcome",
            "template_name": "welcome",
            "template_language": "en_US",
            "variables": {"1": {"field": "first_name", "fallback": "there"}},
            "audience": {"all": True},
        }
        if "text" in changes:
            values |= {"template_name": "", "template_language": "", "variables": {}}
        with self.organization():
            campaign = create_campaign(CampaignIn(**(values | changes)), by="Alice")
            db.session.commit()
            return campaign.id

    def campaign(self, campaign_id: uuid.UUID) -> Campaign:
        """As it stands now, detached."""
        with self.organization(), db.reading():
            campaign = queries.get_campaign(campaign_id)
            db.session.expunge(campaign)
            return campaign

    def job(self, campaign_id: uuid.UUID) -> Job:
        """The job that sends it, as it stands now, detached."""
        with self.organization(), db.reading():
            job = db.session.scalars(select(Job).where(Job.subject == f"campaign:{campaign_id}")).one()
            db.session.expunge(job)
            return job

    def counts(self, campaign_id: uuid.UUID) -> Counts:
        """Its counts now."""
        with self.organization(), db.reading():
            return queries.counts(queries.get_campaign(campaign_id))

    def recipients(self, campaign_id: uuid.UUID) -> dict[str, CampaignRecipient]:
        """Its recipients by number."""
        with self.organization(), db.reading():
            found = queries.recipients(queries.get_campaign(campaign_id), limit=100_000).items
            db.session.expunge_all()
            return {recipient.phone: recipient for recipient in found}

    def wait_for_status(self, campaign_id: uuid.UUID, *statuses: str, seconds: float = 60) -> Campaign:
        """Wait until the campaign has one of these statuses."""

        wait_for(lambda: self.campaign(campaign_id).status.value in statuses, seconds, f"it becomes {statuses}")
        return self.campaign(campaign_id)


@dataclass
class Live(Bakery):
    """Harbour Bakery on the air: its provider is the sandbox, its web server a real one."""

    web_url: str
    sandbox: Sandbox

    @property
    def phone_number_id(self) -> str:
        """The number's id at the provider."""
        return self.sandbox.phone_number_id

    def post_webhook(self, body: bytes | dict[str, Any], secret: str = SECRET) -> int:
        """Post a webhook to the real server, signed; the status of the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        request = urllib.request.Request(
            f"{self.web_url}/webhooks/whatsapp/{self.account_id}", raw, {"X-Hub-Signature-256": signature}
        )
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return int(error.code)


@contextmanager
def on_the_air(app: Flask, cast: Cast, sandbox_url: str, *, per_second: float = 200.0) -> Iterator[Live]:
    """Connect Harbour Bakery to a fresh number at the sandbox, with the sandbox's templates."""
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"whatsapp_api_base_url": sandbox_url})
    number = str(next(_numbers))
    waba = f"2{number[1:]}"
    with running_web(app) as web_url:
        with db.organization_context(app, cast.bakery_id):
            account = create_account(
                AccountIn(number, waba, TOKEN, SECRET, VERIFY, messages_per_second=per_second), by=NOBODY
            )
            db.session.add_all(shipped_templates(account))
            db.session.commit()
            account_id = account.id
        sandbox = Sandbox(sandbox_url, number)
        live = Live(app, cast, account_id, web_url, sandbox)
        sandbox.call("accounts", _sandbox_account(live, waba, per_second))
        try:
            yield live
        finally:
            sandbox.call("reset", {}, "POST")
            live.stop()


def _sandbox_account(live: Live, waba: str, per_second: float) -> dict[str, Any]:
    return {
        "phone_number_id": live.phone_number_id,
        "waba_id": waba,
        "token": TOKEN,
        "app_secret": SECRET,
        "webhook_url": f"{live.web_url}/webhooks/whatsapp/{live.account_id}",
        "throughput": int(per_second),
    }


def shipped_templates(account: Account) -> list[MessageTemplate]:
    """The sandbox's templates, as a sync would store them."""
    path = Path(__file__).parent.parent / "adsapp" / "sandbox" / "whatsapp" / "templates.json"
    return [
        MessageTemplate(
            organization_id=account.organization_id,
            account_id=account.id,
            provider_id=entry["id"],
            name=entry["name"],
            language=entry["language"],
            category=entry["category"],
            status=entry["status"],
            status_reason=None if entry["rejected_reason"] == "NONE" else entry["rejected_reason"],
            quality=entry["quality_score"]["score"],
            parameter_format=entry["parameter_format"],
            components=entry["components"],
        )
        for entry in json.loads(path.read_text())
    ]


def is_answered(live: Live) -> bool:
    """True where every webhook that was stored is applied."""
    from sqlalchemy import select

    from adsapp.integrations.models import WebhookDelivery

    with live.organization(), db.reading():
        waiting = select(WebhookDelivery.id).where(WebhookDelivery.applied_at.is_(None)).limit(1)
        return db.session.scalar(waiting) is None

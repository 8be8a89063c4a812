"""Harbour Bakery sends e-mail through the sandbox: real HTTP both ways, real worker processes."""

import itertools
import json
import urllib.request
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import insert, select

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.ids import new_id
from adsapp.emails import queries, service
from adsapp.emails.models import EmailRecipient
from adsapp.integrations.models import EmailWebhook
from adsapp.integrations.resend.service import EmailAccountIn, connect_account
from adsapp.organizations.auditing import NOBODY, By
from tests.live import running_web

DOMAIN = "bakery.example"
SECRET = "whsec_c2FuZGJveC1zZWNyZXQtb2YtYS10ZXN0"
_teams = itertools.count(1)


@dataclass
class LiveMail:
    """An organization whose e-mails go to a team of the sandbox of its own."""

    app: Flask
    organization_id: uuid.UUID
    account_id: uuid.UUID
    sandbox_url: str
    team: str

    @contextmanager
    def organization(self) -> Iterator[None]:
        """A session of the organization."""
        with db.organization_context(self.app, self.organization_id):
            yield

    def ask(self, path: str, body: object = None) -> Any:
        """The sandbox's control API of e-mail."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.sandbox_url}/_sandbox/emails/{path}", data=data)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)

    def fault(self, **rule: Any) -> None:
        """Inject a fault for this team."""
        self.ask("faults", {"match": {"to": "*", "team": self.team}, **rule})

    def ledger(self) -> list[str]:
        """Whom e-mails were accepted for, in the order of acceptance."""
        return [line["to"][0] for line in self.ask(f"ledger?team={self.team}")["emails"]]

    def stats(self) -> dict[str, Any]:
        """Figures of this team."""
        figures: dict[str, Any] = self.ask("stats")["teams"][self.team]
        return figures

    def contacts(self, addresses: Sequence[str]) -> None:
        """Add them."""
        with self.organization():
            rows = [
                {
                    "id": new_id(),
                    "organization_id": self.organization_id,
                    "phone": f"+1202{3_000_000 + place}",
                    "person_key": f"+1202{3_000_000 + place}",
                    "email": address,
                    "first_name": "Ann",
                }
                for place, address in enumerate(addresses)
            ]
            db.session.execute(insert(Contact), rows)
            db.session.commit()

    def start(self, **changes: Any) -> uuid.UUID:
        """An e-mail to everyone."""
        said = {"subject": "Hello {{first_name}}", "html": "<p>Hello {{first_name}}</p>", "audience": {"all": True}}
        with self.organization():
            email = service.create_email(service.EmailIn(**{**said, **changes}), By("Alice"))
            db.session.commit()
            return email.id

    def status(self, email_id: uuid.UUID) -> str:
        """How far it is."""
        with self.organization(), db.reading():
            return queries.get_email(email_id).status.value

    def people(self, email_id: uuid.UUID) -> dict[str, str]:
        """The status of each address."""
        with self.organization(), db.reading():
            mine = select(EmailRecipient.address, EmailRecipient.status).where(EmailRecipient.email_id == email_id)
            return {address: status.value for address, status in db.session.execute(mine)}

    def counts(self, email_id: uuid.UUID) -> queries.Counts:
        """By its counters."""
        with self.organization(), db.reading():
            return queries.counts(queries.get_email(email_id))

    def has_applied_all(self) -> bool:
        """True where every report that came in is applied."""
        with self.organization(), db.reading():
            return db.session.scalar(select(EmailWebhook.id).where(EmailWebhook.applied_at.is_(None)).limit(1)) is None


@contextmanager
def mail_on_the_air(
    app: Flask, organization_id: uuid.UUID, sandbox_url: str, *, requests: int = 20, batch: int = 5
) -> Iterator[LiveMail]:
    """Connect the organization to a fresh team of the sandbox, which takes so many requests a second."""
    name = f"team-{next(_teams)}"
    settings = app.config["SETTINGS"]
    app.config["SETTINGS"] = settings.model_copy(update={"resend_api_base_url": f"{sandbox_url}/resend"})
    with running_web(app) as web_url:
        with db.organization_context(app, organization_id):
            data = EmailAccountIn(
                f"re_{name}",
                f"hello@{DOMAIN}",
                webhook_secret=SECRET,
                emails_per_second=float(requests * batch),
                batch_size=batch,
            )
            account = connect_account(data, by=NOBODY)
            account.limit_requests = float(requests)  # as the first answer would say
            db.session.commit()
            account_id = account.id
        mail = LiveMail(app, organization_id, account_id, sandbox_url, name)
        team = {"name": name, "key": f"re_{name}", "domains": {DOMAIN: "verified"}, "webhook_secret": SECRET}
        door = f"{web_url}/webhooks/resend/{account_id}"
        mail.ask("teams", {**team, "requests_per_second": requests, "webhook_url": door})
        yield mail

"""Sending e-mails without a network: a provider in memory, and an e-mail's job run by hand, with no worker.

The provider knows requests by their keys, as the real one does: the same request again gets the answer it got before.
"""

import itertools
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from flask import Flask
from sqlalchemy import update

from adsapp.contacts.models import Contact
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.emails import queries, service
from adsapp.emails.models import Email, EmailChunk, EmailRecipient
from adsapp.emails.sending import job
from adsapp.integrations import email_channels
from adsapp.integrations.base import (
    Accepted,
    EmailAnswer,
    EmailMessage,
    Limits,
    NotSent,
    Outcome,
    Refused,
    Send,
    Uncertain,
)
from adsapp.integrations.models import EmailAccount
from adsapp.integrations.resend.errors import classify
from adsapp.integrations.resend.service import EmailAccountIn, connect_account
from adsapp.jobs import JobCancelled, Progress, Snooze
from adsapp.organizations.auditing import NOBODY, By
from tests.campaigns.rehearsal import SOON, ByHand
from tests.cast import Cast

ALICE = By("Alice")
SENDER = "hello@harbour-bakery.example"
LOST = Uncertain("the connection broke")
AWAY = NotSent("connection refused")

Answer = Outcome | Callable[["Request"], Outcome]


@dataclass(frozen=True)
class Request:
    """One request as the provider got it."""

    key: str
    messages: tuple[EmailMessage, ...]

    @property
    def addresses(self) -> list[str]:
        return [message.to for message in self.messages]


@dataclass
class FakeMailer:
    """Takes every e-mail, unless it was told to answer otherwise."""

    taken: list[EmailMessage] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    answer: EmailAnswer = field(default_factory=EmailAnswer)
    limits: Limits = field(default_factory=lambda: Limits(100.0))
    always: Answer | None = None
    _next: deque[Answer] = field(default_factory=deque)
    _known: dict[str, tuple[tuple[EmailMessage, ...], Accepted]] = field(default_factory=dict)
    _ids: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def answers(self, *answers: Answer) -> None:
        """The next answers; after them it takes e-mails."""
        self._next.extend(answers)

    def addresses(self) -> list[str]:
        """Whom e-mails were taken for, sorted."""
        return sorted(message.to for message in self.taken)

    def receive(self, request: Request) -> Outcome:
        """Answer one request. `LOST` is an answer that does not arrive: the e-mails were taken all the same."""
        self.requests.append(request)
        answer = self._next.popleft() if self._next else self.always
        outcome = answer(request) if callable(answer) else answer
        if outcome is None or outcome is LOST:
            accepted = self.take(request)
            return outcome or accepted
        return outcome

    def take(self, request: Request) -> Accepted:
        """Take its e-mails, once for each key."""
        if request.key in self._known:
            messages, accepted = self._known[request.key]
            assert messages == request.messages, f"{request.key} was used for something else"
            return accepted
        self.taken += request.messages
        each = tuple(Accepted(f"e-{next(self._ids)}") for _ in request.messages)
        accepted = each[0] if len(each) == 1 else Accepted("", each=each)
        self._known[request.key] = request.messages, accepted
        return accepted


@dataclass(frozen=True)
class FakeEmailChannel:
    """Sends to a provider in memory."""

    key: str
    rate: float
    batch_size: int
    mailer: FakeMailer

    @property
    def limits(self) -> Limits:
        return self.mailer.limits

    def prepare(self, messages: Sequence[EmailMessage], key: str) -> Mapping[str, Any]:
        return {"request": Request(key, tuple(messages))}

    def connect(self, http: ClientSession) -> Send:
        async def send(payload: Mapping[str, Any]) -> Outcome:
            return self.mailer.receive(payload["request"])

        return send

    def check(self) -> EmailAnswer:
        return self.mailer.answer


def refused(status: int, name: str, **headers: str) -> Refused:
    """The provider says no, by this name."""
    return Refused(classify({"name": name, "message": "Not now"}, http_status=status, headers=headers))


@dataclass
class MailRehearsal:
    """Harbour Bakery with a provider of e-mail in memory."""

    app: Flask
    cast: Cast
    account_id: uuid.UUID
    mailer: FakeMailer
    progress: ByHand = field(default_factory=ByHand)
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(5_550_000))

    @contextmanager
    def organization(self) -> Iterator[None]:
        """A session of Harbour Bakery."""
        with db.organization_context(self.app, self.cast.bakery_id):
            yield

    def contacts(self, *addresses: str, **values: Any) -> list[uuid.UUID]:
        """Make contacts with these addresses, named Row 1, Row 2, …."""
        with self.organization():
            made = [
                Contact(
                    organization_id=self.cast.bakery_id,
                    phone=f"+1202{next(self._numbers)}",
                    person_key=f"+{new_id().hex[:18]}",
                    email=address.lower(),
                    **{"name": f"Row {place}", "first_name": f"Row{place}", **values},
                )
                for place, address in enumerate(addresses, 1)
            ]
            db.session.add_all(made)
            db.session.commit()
            return [contact.id for contact in made]

    def start(self, **changes: Any) -> uuid.UUID:
        """Make an e-mail to everyone; changes go into its EmailIn."""
        values: dict[str, Any] = {
            "subject": "Hello {{first_name}}",
            "html": "<p>Hello {{first_name}}</p>",
            "variables": {"first_name": {"field": "first_name", "fallback": "there"}},
        }
        if "recipients" not in changes:
            values["audience"] = {"all": True}
        with self.organization():
            email = service.create_email(service.EmailIn(**(values | changes)), ALICE)
            db.session.commit()
            return email.id

    def turn(self, email_id: uuid.UUID, meanwhile: Callable[[], object] = lambda: None) -> Snooze | None:
        """One run of its job; what it was handed back with, None once it is through or cancelled."""
        with self.organization():
            self.progress = ByHand(queries.get_email(email_id).job_id, meanwhile)
            db.session.rollback()
            try:
                job.send(email_id, cast(Progress, self.progress))
            except Snooze as back:
                return back
            except JobCancelled:
                return None
        return None

    def send(self, email_id: uuid.UUID, meanwhile: Callable[[], object] = lambda: None) -> Snooze | None:
        """Run its job until it is through (None), or waits for a person or for more than a second."""
        while True:
            back = self.turn(email_id, meanwhile)
            if back is None or back.run_at is None or back.run_at > utcnow() + SOON:
                return back
            time.sleep(max(0.0, (back.run_at - utcnow()).total_seconds()))

    def sent(self, **changes: Any) -> uuid.UUID:
        """Start an e-mail and send it to its end, however long somebody has to wait."""
        email_id = self.start(**changes)
        self.finish(email_id)
        return email_id

    def finish(self, email_id: uuid.UUID) -> None:
        """Send it to its end, however long somebody has to wait."""
        while (back := self.send(email_id)) is not None:
            assert back.run_at is not None, back.reason
            self.let_time_pass()
        assert self.email(email_id).status == "completed"

    def let_time_pass(self) -> None:
        """Nobody has to wait for their next try any longer."""
        with self.organization():
            for model in (EmailRecipient, EmailChunk):
                db.session.execute(update(model).where(model.not_before.is_not(None)).values(not_before=None))
            db.session.commit()

    def change(self, email_id: uuid.UUID, act: Callable[[Email], object]) -> None:
        """What a person does to it."""
        with self.organization():
            act(queries.get_email(email_id))
            db.session.commit()

    def account(self, **changes: Any) -> EmailAccount:
        """The account as it stands, changed before if so asked; detached."""
        with self.organization():
            account = db.session.get_one(EmailAccount, self.account_id)
            for name, value in changes.items():
                setattr(account, name, value)
            db.session.commit()
            db.session.refresh(account)
            db.session.expunge(account)
            return account

    def email(self, email_id: uuid.UUID) -> Email:
        """As it stands now, detached."""
        with self.organization(), db.reading():
            email = queries.get_email(email_id)
            db.session.expunge(email)
            return email

    def counts(self, email_id: uuid.UUID) -> queries.Counts:
        """Its counts now."""
        with self.organization(), db.reading():
            return queries.counts(queries.get_email(email_id))

    def statuses(self, email_id: uuid.UUID) -> Counter[str]:
        """How many of its people have which status, by the rows themselves."""
        return Counter(one.status.value for one in self.people(email_id).values())

    def people(self, email_id: uuid.UUID) -> dict[str, EmailRecipient]:
        """Its people by address."""
        with self.organization(), db.reading():
            found = queries.recipients(queries.get_email(email_id), limit=100_000).items
            db.session.expunge_all()
            return {one.address: one for one in found}


@contextmanager
def rehearsing(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, *, rate: float = 500.0, batch_size: int = 10
) -> Iterator[MailRehearsal]:
    """Connect Harbour Bakery to a provider of e-mail in memory."""
    mailer, key = FakeMailer(), f"fake:{new_id()}"

    def channel_of(account: EmailAccount) -> FakeEmailChannel:
        return FakeEmailChannel(key, account.emails_per_second / account.batch_size, account.batch_size, mailer)

    resend = email_channels.EMAIL_PROVIDERS["resend"]
    provider = email_channels.EmailProvider(channel_of, resend.meaning_of)
    monkeypatch.setitem(email_channels.EMAIL_PROVIDERS, "resend", provider)
    with db.organization_context(app, cast.bakery_id):
        data = EmailAccountIn(
            api_key="re_key",
            sender_address=SENDER,
            sender_name="Harbour Bakery",
            emails_per_second=rate * batch_size,
            batch_size=batch_size,
        )
        account_id = connect_account(data, by=NOBODY).id
        db.session.commit()
    yield MailRehearsal(app, cast, account_id, mailer)

"""Sending without a network: a provider in memory, and a campaign's job run by hand, with no worker.

The provider answers as it is told and remembers what it took. Webhooks are the real thing: a signed body through the
application's own door, applied by the function the job calls.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import time
import uuid
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, cast

import pytest
from aiohttp import ClientSession
from flask import Flask
from sqlalchemy import update

from adsapp.campaigns import service
from adsapp.campaigns.models import CampaignRecipient
from adsapp.campaigns.models import RecipientStatus as Status
from adsapp.campaigns.queries import get_campaign
from adsapp.campaigns.sending import job
from adsapp.campaigns.webhooks import apply
from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.ids import new_id
from adsapp.integrations import channels
from adsapp.integrations.base import (
    Accepted,
    Answer,
    Channel,
    Message,
    Outcome,
    ProviderTemplate,
    Refused,
    Send,
    TemplateText,
    Uncertain,
)
from adsapp.integrations.errors import ProviderError, SendError
from adsapp.integrations.events import Delivery
from adsapp.integrations.media import FileToSend
from adsapp.integrations.models import Account
from adsapp.integrations.queries import get_account
from adsapp.integrations.whatsapp.errors import classify
from adsapp.integrations.whatsapp.service import AccountIn, create_account
from adsapp.jobs import JobCancelled, Progress, Snooze
from adsapp.organizations.auditing import NOBODY
from tests.cast import Cast
from tests.live import SECRET, TOKEN, VERIFY, Bakery, shipped_templates

NUMBER, WABA = "100000000000001", "200000000000001"
SOON = timedelta(seconds=1)


@dataclass(frozen=True)
class Taken:
    """A message the provider took, and when (`time.monotonic()`)."""

    to: str
    provider_id: str
    reference: str
    at: float


class FakeProvider:
    """Takes every message, unless it was told to answer otherwise."""

    def __init__(self) -> None:
        self.taken: list[Taken] = []
        self.refused: Counter[str] = Counter()
        self.templates: Sequence[ProviderTemplate] = ()
        self.error: SendError | None = None  # of reads and uploads
        self.uploads: list[FileToSend] = []
        self.answer = Answer(verified_name="Harbour Bakery")
        self._next: dict[str, deque[Outcome]] = defaultdict(deque)
        self._always: Outcome | None = None
        self._ids = itertools.count(1)

    def answers(self, to: str, *outcomes: Outcome) -> None:
        """The next answers for this person; after them it takes their messages."""
        self._next[to].extend(outcomes)

    def always(self, outcome: Outcome | None) -> None:
        """One answer to everybody from now on, None to take messages again."""
        self._always = outcome

    def numbers(self) -> list[str]:
        """Whom messages were taken for, sorted."""
        return sorted(one.to for one in self.taken)

    def newest(self, to: str) -> Taken:
        """The newest message taken for this person."""
        return next(one for one in reversed(self.taken) if one.to == to)

    def receive(self, message: Message) -> Outcome:
        """Answer one request. A message without an answer was taken all the same."""
        scripted = self._next[message.to]
        outcome = scripted.popleft() if scripted else self._always
        if isinstance(outcome, Refused):
            self.refused[outcome.error.code or ""] += 1
        if outcome is None or isinstance(outcome, Uncertain):
            provider_id = f"wamid.{next(self._ids)}"
            self.taken.append(Taken(message.to, provider_id, message.reference, time.monotonic()))
            return outcome or Accepted(provider_id, message.to.lstrip("+"))
        return outcome


@dataclass(frozen=True)
class FakeChannel:
    """Sends to a provider in memory; webhooks are those of the account's own channel."""

    key: str
    rate: float
    provider: FakeProvider
    own: Channel

    def prepare(self, message: Message) -> Mapping[str, Any]:
        self.own.prepare(message)  # refuses what the account's provider would
        return {"message": message}

    def connect(self, http: ClientSession) -> Send:
        async def send(payload: Mapping[str, Any]) -> Outcome:
            return self.provider.receive(payload["message"])

        return send

    def fetch_templates(self) -> Sequence[ProviderTemplate]:
        if self.provider.error is not None:
            raise ProviderError(self.provider.error)
        return self.provider.templates

    def create_template(self, text: TemplateText) -> ProviderTemplate:
        return self.own.create_template(text)

    def edit_template(self, provider_id: str, text: TemplateText) -> None:
        self.own.edit_template(provider_id, text)

    def delete_template(self, name: str, provider_id: str) -> None:
        self.own.delete_template(name, provider_id)

    def upload_media(self, file: FileToSend) -> str:
        if self.provider.error is not None:
            raise ProviderError(self.provider.error)
        self.provider.uploads.append(file)
        return f"{10_000 + len(self.provider.uploads)}"

    def upload_sample(self, file: FileToSend) -> str:
        return f"4:{file.name}"

    def check(self) -> Answer:
        return self.provider.answer

    def handshake(self, query: Mapping[str, str]) -> str | None:
        return self.own.handshake(query)

    def is_genuine(self, raw: bytes, header: Callable[[str], str | None]) -> bool:
        return self.own.is_genuine(raw, header)

    def parse(self, raw: bytes, received_at: datetime) -> Delivery:
        return self.own.parse(raw, received_at)


class Willing:
    """A provider of templates that takes everything."""

    def create_template(self, text: TemplateText) -> ProviderTemplate:
        return ProviderTemplate(text.name, text.language, "PENDING", provider_id="9", components=text.components)

    def edit_template(self, provider_id: str, text: TemplateText) -> None:
        pass

    def delete_template(self, name: str, provider_id: str) -> None:
        pass


def refused(code: int, **more: Any) -> Refused:
    """The provider says no, with this code."""
    return Refused(classify({"error": {"code": code, "message": "Not now"}}, **more))


LOST = Uncertain("the connection broke")


@dataclass
class ByHand:
    """A job's progress without a job engine. `meanwhile` is called in every tick of a slice, between two transactions:
    there a test does what somebody else would do while it is sent."""

    job_id: uuid.UUID | None = None
    meanwhile: Callable[[], object] = lambda: None
    lease_id: uuid.UUID = field(default_factory=new_id)
    is_draining: bool = False
    is_lost: bool = False
    total: int | None = None
    done: int = 0
    failed: int = 0

    def check(self) -> None:
        self.meanwhile()

    def commit(self) -> None:
        db.session.commit()

    def start(self, total: int | None, *, done: int = 0, failed: int = 0) -> None:
        self.total, self.done, self.failed = total, done, failed

    def advance(self, done: int = 1, failed: int = 0) -> None:
        self.done += done


@dataclass
class Rehearsal(Bakery):
    """Harbour Bakery with a provider in memory."""

    provider: FakeProvider
    progress: ByHand = field(default_factory=ByHand, kw_only=True)
    _texts: Iterator[int] = field(default_factory=lambda: itertools.count(1), kw_only=True)

    def send(self, campaign_id: uuid.UUID, meanwhile: Callable[[], object] = lambda: None) -> Snooze | None:
        """Run the campaign's job until it is through (None), or waits for a person or for more than a second."""
        while True:
            back = self.turn(campaign_id, meanwhile)
            if back is None or back.run_at is None or back.run_at > utcnow() + SOON:
                return back
            time.sleep(max(0.0, (back.run_at - utcnow()).total_seconds()))

    def turn(self, campaign_id: uuid.UUID, meanwhile: Callable[[], object] = lambda: None) -> Snooze | None:
        """One run of the campaign's job; what it was handed back with, None once it is through or cancelled."""
        with self.organization():
            self.progress = ByHand(get_campaign(campaign_id).job_id, meanwhile)
            db.session.rollback()
            try:
                job.send(campaign_id, cast(Progress, self.progress))
            except Snooze as back:
                return back
            except JobCancelled:
                return None
        return None

    def sent(self, **changes: Any) -> uuid.UUID:
        """Start a campaign (see `start_campaign`) and send it to its end, however long somebody has to wait."""
        campaign_id = self.start_campaign(**changes)
        while (back := self.send(campaign_id)) is not None:
            assert back.run_at is not None, back.reason
            self.let_time_pass()
        assert self.campaign(campaign_id).status == "completed"
        return campaign_id

    def drain(self) -> None:
        """The worker is to stop: this run begins nothing more."""
        self.progress.is_draining = True

    def pace(self, per_second: float) -> None:
        """How fast the account sends from the next run on."""
        with self.organization():
            get_account(self.account_id).messages_per_second = per_second
            db.session.commit()

    def once_taken(self, count: int, act: Callable[[], object]) -> Callable[[], None]:
        """For `meanwhile`: does this once, as soon as so many messages were taken."""
        left = [act]

        def meanwhile() -> None:
            if left and len(self.provider.taken) >= count:
                left.pop()()
                db.session.commit()

        return meanwhile

    def let_time_pass(self) -> None:
        """Nobody has to wait for their next try any longer."""
        with self.organization():
            db.session.execute(update(CampaignRecipient).where(_is_put_off()).values(not_before=None))
            db.session.commit()

    def resume(self, campaign_id: uuid.UUID) -> None:
        with self.organization():
            service.resume(get_campaign(campaign_id), "Alice")
            db.session.commit()

    def post_webhook(self, body: bytes | dict[str, Any], secret: str = SECRET) -> int:
        """Deliver a webhook through the application's door, signed; the status of the answer."""
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        signature = "sha256=" + hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        path, headers = f"/webhooks/whatsapp/{self.account_id}", {"X-Hub-Signature-256": signature}
        return self.app.test_client().post(path, data=raw, headers=headers).status_code

    def apply(self) -> int:
        """Apply what was delivered, as the job does; how many deliveries there were."""
        with self.organization():
            return apply.apply_all(self.account_id, cast(Progress, ByHand()))

    def report(self, status: str, *numbers: str) -> None:
        """The provider reports this of the newest message to each of these people (of all who got one, if none)."""
        entries = [
            {
                "id": newest.provider_id,
                "status": status,
                "timestamp": str(int(time.time())),
                "biz_opaque_callback_data": newest.reference,
            }
            for newest in map(self.provider.newest, numbers or dict.fromkeys(self.provider.numbers()))
        ]
        assert self.post_webhook(_webhook({"statuses": entries})) == 200
        self.apply()

    def write(self, text: str, number: str, *, answers: str = "", apply: bool = True) -> None:
        """The person writes, and it is taken in unless `apply` is False. `answers`: the message they quote."""
        place = next(self._texts)
        entry: dict[str, Any] = {"from": number.lstrip("+"), "id": f"wamid.IN{place}", "type": "text"}
        entry |= {"timestamp": str(int(time.time())), "text": {"body": text}}
        if answers:
            entry["context"] = {"id": answers}
        contact = {"profile": {"name": "Ana"}, "wa_id": number.lstrip("+")}
        assert self.post_webhook(_webhook({"contacts": [contact], "messages": [entry]})) == 200
        if apply:
            self.apply()


def _is_put_off() -> Any:
    return (CampaignRecipient.status == Status.PENDING) & CampaignRecipient.not_before.is_not(None)


def _webhook(value: dict[str, Any]) -> dict[str, Any]:
    value = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": NUMBER}, **value}
    entry = {"id": WABA, "changes": [{"field": "messages", "value": value}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


@contextmanager
def rehearsing(
    app: Flask, cast: Cast, monkeypatch: pytest.MonkeyPatch, *, per_second: float = 500.0
) -> Iterator[Rehearsal]:
    """Connect Harbour Bakery to a provider in memory, with the sandbox's templates."""
    provider, key, whatsapp = FakeProvider(), f"fake:{new_id()}", channels.PROVIDERS["whatsapp"]

    def channel_of(account: Account) -> Channel:
        return FakeChannel(key, account.messages_per_second, provider, whatsapp.channel_of(account))

    monkeypatch.setitem(channels.PROVIDERS, "whatsapp", replace(whatsapp, channel_of=channel_of))
    with db.organization_context(app, cast.bakery_id):
        account = create_account(
            AccountIn(NUMBER, WABA, TOKEN, SECRET, VERIFY, messages_per_second=per_second), by=NOBODY
        )
        db.session.add_all(shipped_templates(account))
        db.session.commit()
        account_id = account.id
    rehearsal = Rehearsal(app, cast, account_id, provider)
    yield rehearsal
    rehearsal.stop()

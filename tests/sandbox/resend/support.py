"""A client of the stand-in for Resend, a receiver of its webhooks, and e-mails to send."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adsapp.sandbox import TeamConfig
from tests.sandbox.support import Answer, Client

KEY = "re_key"
SENDING_KEY = "re_sending"
DOMAIN = "harbour-bakery.example"
SENDER = f"Harbour Bakery <hello@{DOMAIN}>"
SECRET = "whsec_" + base64.b64encode(b"a secret of 24 bytes....").decode()
ANA = "ana@example.com"


def team(**changes: Any) -> TeamConfig:
    usual: dict[str, Any] = {
        "key": KEY,
        "sending_key": SENDING_KEY,
        "domains": {DOMAIN: "verified"},
        "webhook_secret": SECRET,
        "requests_per_second": 1000,
    }
    return TeamConfig(**usual | changes)


def mail(to: object = ANA, **changes: Any) -> dict[str, Any]:
    """An e-mail the stand-in takes. A change to None leaves the field out."""
    usual = {"from": SENDER, "to": to, "subject": "We are open", "html": "<p>Hello</p>", "text": "Hello"}
    return {name: value for name, value in (usual | changes).items() if value is not None}


@dataclass(frozen=True)
class Resend(Client):
    def api(self, method: str, path: str, body: object = None, key: str | None = KEY, **headers: str) -> Answer:
        """Headers are named with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.call(method, f"/resend{path}", body, token=key, headers=named)

    def send_mail(self, body: object = None, **headers: Any) -> Answer:
        return self.api("POST", "/emails", mail() if body is None else body, **headers)

    def send_batch(self, body: object, **headers: Any) -> Answer:
        return self.api("POST", "/emails/batch", body, **headers)

    def mails(self) -> list[dict[str, Any]]:
        return list(self.get("/_sandbox/emails/ledger").json["emails"])

    def mail_stats(self) -> dict[str, Any]:
        return dict(self.get("/_sandbox/emails/stats").json)

    def set_up(self, **settings: Any) -> Answer:
        return self.control("emails/settings", settings)

    def fault(self, **rule: Any) -> Answer:
        return self.control("emails/faults", rule)

    def last_event(self, email_id: str) -> str:
        return str(self.api("GET", f"/emails/{email_id}").json["last_event"])


def refusal(answer: Answer) -> tuple[int, str]:
    """Status and name of an error, which the envelope must repeat."""
    assert answer.json["statusCode"] == answer.status
    assert answer.json["message"]
    return answer.status, answer.json["name"]


@dataclass
class MailHook:
    """A webhook that keeps what it gets. It answers with the statuses in `answers` first, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_post("/hook", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        with self._news:
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                headers = {name.lower(): value for name, value in request.headers.items()}
                self.posts.append((headers["svix-id"], headers, raw))
            self._news.notify_all()
        return web.Response(status=status)

    @property
    def events(self) -> list[dict[str, Any]]:
        with self._news:
            return [json.loads(raw) for _, _, raw in self.posts]

    def types(self) -> list[str]:
        """What was heard, by name: events close to each other come in any order."""
        return sorted(event["type"] for event in self.events)

    def data(self, kind: str) -> dict[str, Any]:
        """What the one event of this kind tells."""
        (event,) = (event for event in self.events if event["type"] == kind)
        return dict(event["data"])

    def wait_until(self, what: Callable[[], bool], timeout: float = 20) -> None:
        with self._news:
            came = self._news.wait_for(what, timeout)
        assert came, f"only this came: {self.types()}"


def is_signed(headers: dict[str, str], raw: bytes, secret: str = SECRET) -> bool:
    """Whether one of the signatures is right, computed as a receiver does."""
    signed = b".".join([headers["svix-id"].encode(), headers["svix-timestamp"].encode(), raw])
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["svix-signature"].split(" ")

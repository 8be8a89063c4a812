"""A client of a running sandbox, a webhook receiver, and messages to send."""

import hashlib
import hmac
import json
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from adsapp.sandbox import AccountConfig

NUMBER = "100000000000001"
WABA = "200000000000001"
TOKEN = "a-token"
SECRET = "a-secret"
ANA = "+12025550101"
BEN = "+12025550102"


def account(webhook_url: str = "", **changes: Any) -> AccountConfig:
    values = {"phone_number_id": NUMBER, "waba_id": WABA, "token": TOKEN, "app_secret": SECRET, **changes}
    return AccountConfig(webhook_url=webhook_url, **values)


def text_parameters(*values: str) -> list[dict[str, str]]:
    return [{"type": "text", "text": value} for value in values]


def welcome(to: str = ANA, name: str = "Ana", **more: Any) -> dict[str, Any]:
    """A message the sandbox takes."""
    return template_message("welcome", "en_US", [{"type": "body", "parameters": text_parameters(name)}], to, **more)


def template_message(
    name: str, language: str, components: list[dict[str, Any]], to: str = ANA, **more: Any
) -> dict[str, Any]:
    template = {"name": name, "language": {"code": language}, "components": components}
    return {"messaging_product": "whatsapp", "to": to, "type": "template", "template": template, **more}


def text_message(to: str = ANA, text: str = "Hello") -> dict[str, Any]:
    return {"messaging_product": "whatsapp", "to": to, "type": "text", "text": {"body": text}}


@dataclass(frozen=True)
class Answer:
    status: int
    text: str
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def code(self) -> int:
        """The provider's error code; 0 where there is no error."""
        return int(self.json.get("error", {}).get("code", 0))


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_Stay, urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Client:
    url: str

    def call(
        self,
        method: str,
        path: str,
        body: object = None,
        token: str | None = TOKEN,
        headers: dict[str, str] | None = None,
        timeout: float = 20,
    ) -> Answer:
        """`body`: an object goes as JSON, bytes go as they are."""
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        url = path if path.startswith("http") else self.url + path
        request = urllib.request.Request(url, data, dict(headers or {}), method=method)
        if token is not None:
            request.add_header("Authorization", f"Bearer {token}")
        try:
            with _OPENER.open(request, timeout=timeout) as response:
                return Answer(response.status, response.read().decode(), dict(response.headers))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, error.read().decode(), dict(error.headers))

    def send(self, message: object, number: str = NUMBER, **more: Any) -> Answer:
        return self.call("POST", f"/v25.0/{number}/messages", message, **more)

    def get(self, path: str, **more: Any) -> Answer:
        return self.call("GET", path, **more)

    def control(self, path: str, body: object) -> Answer:
        return self.call("POST", f"/_sandbox/{path}", body, token=None)

    def form(self, path: str, fields: Mapping[str, str], headers: dict[str, str] | None = None) -> Answer:
        data = urllib.parse.urlencode(fields).encode()
        return self.call("POST", path, data, token=None, headers=headers)

    def ledger(self) -> list[dict[str, Any]]:
        return list(self.get("/_sandbox/ledger").json["messages"])

    def stats(self) -> dict[str, Any]:
        return dict(self.get("/_sandbox/stats").json)


@dataclass
class Receiver:
    """A webhook that keeps what it gets. It answers with the statuses in `answers` first, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    posts: list[bytes] = field(default_factory=list)
    badly_signed: int = 0
    _news: threading.Condition = field(default_factory=threading.Condition)

    def app(self) -> web.Application:
        app = web.Application(client_max_size=1 << 22)
        app.router.add_post("/hook", self._receive)
        return app

    async def _receive(self, request: web.Request) -> web.Response:
        raw = await request.read()
        expected = "sha256=" + hmac.new(SECRET.encode(), raw, hashlib.sha256).hexdigest()
        with self._news:
            self.badly_signed += request.headers.get("X-Hub-Signature-256") != expected
            status = self.answers.pop(0) if self.answers else 200
            if status == 200:
                self.posts.append(raw)
            self._news.notify_all()
        return web.Response(status=status)

    def items(self, part: str) -> list[dict[str, Any]]:
        """All entries of `statuses`, `messages` or `user_preferences`, in the order of their arrival."""
        return [item for change in self.changes() for item in change["value"].get(part, ())]

    def changes(self) -> list[dict[str, Any]]:
        """Everything that was told, in the order of its arrival."""
        with self._news:
            posts = list(self.posts)
        return [change for raw in posts for entry in json.loads(raw)["entry"] for change in entry["changes"]]

    def statuses(self, wamid: str | None = None) -> list[str]:
        return [item["status"] for item in self.items("statuses") if wamid in (None, item["id"])]

    def wait_until(self, what: Callable[[], bool], timeout: float = 20) -> None:
        """Wait for posts until it is true; AssertionError with what came where it never is."""
        with self._news:
            came = self._news.wait_for(what, timeout)
        assert came, f"only this came: {self.posts!r}"

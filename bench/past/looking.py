"""A browser as far as it matters here: signed in, one connection kept alive, times whole answers."""

import http.client
import json
import re
import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field

from bench.past.scenery import EMAIL, PASSWORD

FORM = "application/x-www-form-urlencoded"


class Unexpected(Exception):
    """The server answered something else than was asked for."""


@dataclass
class Answer:
    """One answer; `ms` from the request until the last byte, on the loopback."""

    status: int
    body: bytes
    ms: float
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode()


class Browser:
    """One client of one server."""

    def __init__(self, port: int, headers: Mapping[str, str] | None = None) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._headers = {"Host": f"127.0.0.1:{port}", **(headers or {})}
        self._cookies: dict[str, str] = {}

    def get(self, path: str, expect: int = 200) -> Answer:
        """A page; raises Unexpected."""
        return self._ask("GET", path, None, "", expect)

    def post(self, path: str, form: Mapping[str, str], expect: int = 303) -> Answer:
        """A form that was sent; raises Unexpected."""
        return self._ask("POST", path, urllib.parse.urlencode(form).encode(), FORM, expect)

    def post_json(self, path: str, body: object, expect: int = 202) -> Answer:
        """A call of the API; raises Unexpected."""
        return self._ask("POST", path, json.dumps(body).encode(), "application/json", expect)

    def deliver(self, path: str, body: bytes, headers: Mapping[str, str], expect: int = 200) -> Answer:
        """A webhook; raises Unexpected."""
        return self._ask("POST", path, body, "application/json", expect, headers)

    def close(self) -> None:
        """Hang up."""
        self._connection.close()

    def sign_in(self) -> "Browser":
        """Through the form, as everybody does."""
        found = re.search(r'name="csrf-token" content="([^"]+)"', self.get("/sign-in").text)
        token = found.group(1) if found else ""
        self.post("/sign-in", {"email": EMAIL, "password": PASSWORD, "csrf_token": token})
        return self

    def _ask(
        self,
        method: str,
        path: str,
        body: bytes | None,
        kind: str,
        expect: int,
        more: Mapping[str, str] | None = None,
    ) -> Answer:
        headers = self._headers | ({"Content-Type": kind} if kind else {}) | dict(more or {})
        began = time.perf_counter()
        self._connection.request(method, path, body, headers)
        answer = self._connection.getresponse()
        content = answer.read()
        took = (time.perf_counter() - began) * 1000
        if answer.status != expect:
            raise Unexpected(f"{method} {path}: {answer.status} instead of {expect}: {content[-300:]!r}")
        for cookie in answer.headers.get_all("Set-Cookie", []):
            name, _, value = cookie.partition(";")[0].partition("=")
            self._cookies[name] = value
            self._headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        return Answer(answer.status, content, took, dict(answer.headers))

"""A small client of our own API, for the demo without a browser."""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class ApiError(Exception):
    """The API refused; the text is the problem's own."""


class Api:
    """Calls one installation with a bearer token."""

    def __init__(self, base_url: str, token: str = "") -> None:
        self._base_url = base_url
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> Any:
        """The JSON at a path."""
        return self._send("GET", path, None, {})

    def delete(self, path: str) -> Any:
        """The answer to DELETE."""
        return self._send("DELETE", path, None, {})

    def post(self, path: str, body: Any) -> Any:
        """The answer to a JSON body."""
        return self._send("POST", path, json.dumps(body).encode(), {"Content-Type": "application/json"})

    def upload(self, path: str, name: str, content: bytes, fields: dict[str, str]) -> Any:
        """The answer to a multipart form with one file."""
        boundary = uuid.uuid4().hex
        lines = []
        for field, value in fields.items():
            lines += [f"--{boundary}", f'Content-Disposition: form-data; name="{field}"', "", value]
        lines += [f"--{boundary}", f'Content-Disposition: form-data; name="file"; filename="{name}"', "", ""]
        body = "\r\n".join(lines).encode() + content + f"\r\n--{boundary}--\r\n".encode()
        return self._send("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Any:
        request = urllib.request.Request(  # noqa: S310  # an address of our own
            self._base_url + path, data=body, method=method, headers={**self._headers, **headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                return json.loads(answer.read() or b"null")
        except urllib.error.HTTPError as error:
            raise ApiError(f"{method} {path}: {error.code} {_detail(error.read())}") from None


def _detail(body: bytes) -> str:
    try:
        return str(json.loads(body).get("detail", ""))
    except (ValueError, AttributeError):
        return body[:200].decode(errors="replace")


def wait_until(look: Callable[[], T | None], seconds: float, what: str, every: float = 0.1) -> T:
    """The first true answer of `look`; raises ApiError after `seconds`. A connection refused is not yet an answer."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            if seen := look():
                return seen
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            pass  # still starting
        if time.monotonic() > deadline:
            raise ApiError(f"{what} took longer than {seconds:.0f} s")
        time.sleep(every)

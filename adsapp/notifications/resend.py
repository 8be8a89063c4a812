"""Mail over Resend: one request a letter, under an idempotency key, so that another try sends nothing twice."""

import json
import urllib.error
import urllib.request
from email.utils import formataddr
from typing import Any

from adsapp.config import VERSION
from adsapp.notifications.outgoing import Envelope, NotTaken
from adsapp.notifications.rendering import Mail

TIMEOUT = 30.0
# What another try can end otherwise: too many at once, their own troubles, the same key on its way.
PASSING = frozenset(
    {
        "rate_limit_exceeded",
        "daily_quota_exceeded",
        "concurrent_idempotent_requests",
        "resource_locked",
    }
)


class Resend:
    name = "resend"

    def __init__(self, base_url: str, key: str) -> None:
        self._url = f"{base_url.rstrip('/')}/emails"
        self._key = key

    def send(self, mail: Mail, envelope: Envelope) -> None:
        request = urllib.request.Request(self._url, self._body(mail, envelope), self._headers(envelope.key))  # noqa: S310  # the setting names http(s)
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            with error:
                raise _refused(error.code, error.read()) from None
        except (OSError, ValueError) as error:
            raise NotTaken("unreachable", f"Resend cannot be reached: {error}", is_permanent=False) from None

    def _body(self, mail: Mail, envelope: Envelope) -> bytes:
        to = formataddr((envelope.name, envelope.to))
        letter = {"from": envelope.sender, "to": [to], "subject": mail.subject, "text": mail.text, "html": mail.html}
        return json.dumps(letter).encode()

    def _headers(self, key: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {self._key}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "User-Agent": f"adsapp/{VERSION}",  # without one every request is refused
        }


def _refused(status: int, raw: bytes) -> NotTaken:
    name, said = _told(raw)
    message = f"Resend refuses the mail: {status} {name or 'error'}: {said}"
    return NotTaken(name or "refused", message, is_permanent=status < 500 and name not in PASSING)


def _told(raw: bytes) -> tuple[str, str]:
    """The error's name and message; a text that is no JSON as it is."""
    try:
        answer: Any = json.loads(raw)
        return str(answer["name"]), str(answer["message"])
    except (ValueError, KeyError, TypeError):
        return "", raw.decode(errors="replace").strip()[:200]

"""E-mails as Resend's JSON. Pure: the same e-mail makes the same bytes, for a key is refused with any others."""

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from adsapp.integrations.base import EmailMessage

REFERENCE_TAG: Final = "recipient"  # it comes back with each report, and says whom it is about
MOST_TAGS: Final = 20
LARGEST_BATCH: Final = 100


def request_of(messages: Sequence[EmailMessage], key: str) -> dict[str, Any]:
    """The request: its path, its key, its body. One e-mail goes alone, for only then may it have attachments."""
    if not 1 <= len(messages) <= LARGEST_BATCH:
        raise ValueError(f"a request has 1 to {LARGEST_BATCH} e-mails, not {len(messages)}")
    if len(messages) == 1:
        return {"path": "emails", "key": key, "body": as_bytes(as_json(messages[0])), "count": 1}
    if any(message.attachments for message in messages):
        raise ValueError("an e-mail with attachments goes alone")
    return {
        "path": "emails/batch",
        "key": key,
        "body": as_bytes([as_json(each) for each in messages]),
        "count": len(messages),
    }


def as_json(message: EmailMessage) -> dict[str, Any]:
    """One e-mail as the provider takes it; what is empty is left out."""
    body: dict[str, Any] = {
        "from": message.sender,
        "to": [message.to],
        "subject": message.subject,
        "html": message.html,
        "text": message.text,
        "reply_to": message.reply_to,
        "headers": _headers(message.unsubscribe_url),
        "tags": _tags({**message.tags, REFERENCE_TAG: message.reference}),
        "attachments": [_attachment(each) for each in message.attachments],
    }
    return {name: value for name, value in body.items() if value}


def as_bytes(body: object) -> bytes:
    """As it goes over the wire."""
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


def _headers(unsubscribe_url: str) -> dict[str, str]:
    """One click unsubscribes (RFC 8058)."""
    if not unsubscribe_url:
        return {}
    return {"List-Unsubscribe": f"<{unsubscribe_url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def _tags(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in sorted(tags.items())]


def _attachment(each: Mapping[str, str]) -> dict[str, str]:
    return {name: each[name] for name in ("filename", "content_type", "content") if each.get(name)}

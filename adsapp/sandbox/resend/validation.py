"""What the provider demands of an e-mail, each violation answered by the error its documents name. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adsapp.sandbox.resend.addresses import address_of
from adsapp.sandbox.resend.errors import ApiError

MOST_RECIPIENTS = 50
MOST_IN_BATCH = 100
LARGEST_EMAIL = 40 * 1024 * 1024  # attachments as they are sent, in base64
LONGEST_TAG = 256
LATEST_SCHEDULE = 30 * 86400.0
_TAG = re.compile(r"[A-Za-z0-9_-]+")
_HEADER = re.compile(r"[!-9;-~]+")
_ADDRESS_HELP = "The email address needs to follow the `email@example.com` or `Name <email@example.com>` format."


@dataclass(frozen=True, slots=True)
class Request:
    """An e-mail that may be sent. Addresses are spelled as they came; `attachments`: name and size in bytes."""

    sender: str
    to: tuple[str, ...]
    subject: str
    html: str
    text: str
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    reply_to: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    attachments: tuple[tuple[str, int], ...] = ()
    scheduled_at: float | None = None

    @property
    def from_address(self) -> str:
        return address_of(self.sender) or ""

    @property
    def recipients(self) -> list[str]:
        """Bare addresses of all who get it."""
        return [address_of(item) or "" for item in (*self.to, *self.cc, *self.bcc)]


def check(body: object, now: float, *, in_batch: bool = False) -> Request:
    """The e-mail in one JSON object, or the ApiError that refuses it."""
    if not isinstance(body, Mapping):
        raise ApiError("validation_error", "The email must be a JSON object.")
    for name in ("from", "to", "subject"):
        if body.get(name) in (None, "", []):
            raise ApiError("missing_required_field", f"Missing `{name}` field.")
    if in_batch:
        for name in ("attachments", "scheduled_at"):
            if body.get(name):
                raise ApiError("validation_error", f"The `{name}` field is not supported in batch emails.")
    html, text = _bodies(body)
    return Request(
        sender=_sender(body["from"]),
        to=_addresses(body, "to"),
        subject=_one_line(body["subject"], "subject"),
        html=html,
        text=text,
        cc=_addresses(body, "cc"),
        bcc=_addresses(body, "bcc"),
        reply_to=_addresses(body, "reply_to"),
        headers=_headers(body.get("headers")),
        tags=_tags(body.get("tags")),
        attachments=_attachments(body.get("attachments")),
        scheduled_at=moment_of(body["scheduled_at"], now) if body.get("scheduled_at") else None,
    )


def _sender(value: object) -> str:
    if not isinstance(value, str) or address_of(value) is None:
        raise ApiError("invalid_from_address", f"Invalid `from` field. {_ADDRESS_HELP}")
    return value


def _addresses(body: Mapping[str, Any], name: str) -> tuple[str, ...]:
    value = body.get(name) or []
    items = [value] if isinstance(value, str) else value
    if not isinstance(items, Sequence) or not all(isinstance(item, str) for item in items):
        raise ApiError("validation_error", f"The `{name}` field must be a `string` or an array of `string`.")
    if len(items) > MOST_RECIPIENTS:
        raise ApiError("validation_error", f"The `{name}` field must not have more than {MOST_RECIPIENTS} items.")
    for item in items:
        if not item.isascii() and address_of(item) is None:
            raise ApiError(
                "validation_error", f"Invalid `{name}` field. The email address contains non-ASCII characters."
            )
        if address_of(item) is None:
            raise ApiError("validation_error", f"Invalid `{name}` field. {_ADDRESS_HELP}")
    return tuple(items)


def _one_line(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise ApiError("validation_error", f"The `{name}` field must be a `string`.")
    if re.search(r"[\r\n\0]", value):
        raise ApiError("validation_error", f"The `{name}` field must not contain line breaks.")
    return value


def _bodies(body: Mapping[str, Any]) -> tuple[str, str]:
    html, text = body.get("html"), body.get("text")
    if body.get("template"):
        if html or text:
            raise ApiError("validation_error", "The `template` field excludes `html` and `text`.")
        raise ApiError("not_found", "Template not found")  # the sandbox keeps none
    if not html and not text:
        raise ApiError("missing_required_field", "Missing `html` or `text` field.")
    for name, value in (("html", html), ("text", text)):
        if value is not None and not isinstance(value, str):
            raise ApiError("validation_error", f"The `{name}` field must be a `string`.")
    return html or "", text or ""


def _headers(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, Mapping):
        raise ApiError("validation_error", "The `headers` field must be an object.")
    for name, text in value.items():
        if not _HEADER.fullmatch(name):
            raise ApiError("validation_error", f"The header name `{name!r}` is invalid.")
        _one_line(text, f"headers.{name}")
    return dict(value)


def _tags(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ApiError("validation_error", "The `tags` field must be an array of `{name, value}`.")
    tags: dict[str, str] = {}
    for item in value:
        for part in ("name", "value"):
            _check_tag(item.get(part), part)
        tags[item["name"]] = item["value"]
    return tags


def _check_tag(text: object, part: str) -> None:
    if not isinstance(text, str) or not _TAG.fullmatch(text):
        what = "Tags should only contain ASCII letters, numbers, underscores, or dashes."
        raise ApiError("validation_error", f"Invalid tag {part}. {what}")
    if len(text) > LONGEST_TAG:
        raise ApiError("validation_error", f"Invalid tag {part}. Tags must be {LONGEST_TAG} characters or less.")


def _attachments(value: object) -> tuple[tuple[str, int], ...]:
    if value is None:
        return ()
    if not isinstance(value, list) or not all(isinstance(item, Mapping) for item in value):
        raise ApiError("invalid_attachment", "The `attachments` field must be an array of objects.")
    found: list[tuple[str, int]] = []
    for item in value:
        content, path = item.get("content"), item.get("path")
        if not isinstance(content or path, str):
            raise ApiError("invalid_attachment", "Attachment must have either a `content` or `path`.")
        if content and not re.fullmatch(r"[A-Za-z0-9+/\r\n]+={0,2}\s*", content):
            raise ApiError("invalid_attachment", "The attachment's `content` is not Base64.")
        found.append((str(item.get("filename") or path or "attachment"), len(content or "") * 3 // 4))
    if sum(len(item.get("content") or "") for item in value) > LARGEST_EMAIL:
        raise ApiError("invalid_attachment", "The attachments are larger than 40MB, the most an email may have.")
    return tuple(found)


def moment_of(value: object, now: float) -> float:
    """When an e-mail is scheduled, in seconds since 1970; at most 30 days ahead."""
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        moment = None
    if moment is None:
        raise ApiError("validation_error", "The `scheduled_at` field must be an ISO 8601 date.")
    seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    if not now - 60 <= seconds <= now + LATEST_SCHEDULE:
        raise ApiError("validation_error", "The `scheduled_at` field must be in the future, 30 days ahead at most.")
    return seconds

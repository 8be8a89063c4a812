"""Resend's webhooks: signed as Svix does, one event in each. Pure."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from adsapp.integrations.email_events import EmailReport, Report, ReportKind, SuppressionReport, UnknownReport

ID_HEADER: Final = "svix-id"
MOST_APART: Final = timedelta(seconds=300)  # what a signature may be older or newer than now
REFERENCE_TAG: Final = "recipient"
LONGEST_DETAIL: Final = 1_000
KINDS: Final = {
    "email.sent": ReportKind.SENT,
    "email.delivery_delayed": ReportKind.DELAYED,
    "email.delivered": ReportKind.DELIVERED,
    "email.opened": ReportKind.OPENED,
    "email.clicked": ReportKind.CLICKED,
    "email.bounced": ReportKind.BOUNCED,
    "email.complained": ReportKind.COMPLAINED,
    "email.failed": ReportKind.FAILED,
    "email.suppressed": ReportKind.SUPPRESSED,
}


def why_not_genuine(raw: bytes, header: Callable[[str], str | None], secret: str, now: datetime) -> str:
    """Why these bytes are not what the provider sent just now, "" if they are. `header` finds a header by name."""
    delivery_id, sent, given = (header(name) or "" for name in (ID_HEADER, "svix-timestamp", "svix-signature"))
    if not delivery_id or not sent.isascii() or not sent.isdecimal() or len(sent) > 12:
        return "The delivery has no id or no time"
    if abs(now - datetime.fromtimestamp(int(sent), UTC)) > MOST_APART:
        return "The signature is too old, or its time is yet to come; compare the clocks"
    expected = signature(raw, delivery_id, sent, secret)
    entries = [entry.partition(",")[2] for entry in given.split(" ") if entry.startswith("v1,")]
    matches = [hmac.compare_digest(entry.encode(), expected.encode()) for entry in entries]  # all of them, always
    return "" if expected and any(matches) else "The signature does not fit the body"


def signature(raw: bytes, delivery_id: str, sent: str, secret: str) -> str:
    """What the provider signs: id, time and the raw body; "" for a secret that is none."""
    try:
        key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except (binascii.Error, ValueError):
        return ""
    signed = f"{delivery_id}.{sent}.".encode() + raw
    return base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()


def parse(raw: bytes, received_at: datetime) -> Report:
    """What one delivery tells. Never raises: what is odd is an `UnknownReport`."""
    try:
        event = json.loads(raw)
    except (ValueError, RecursionError):
        return UnknownReport("a body that is no JSON")
    if not isinstance(event, Mapping) or not isinstance(event.get("data"), Mapping):
        return UnknownReport("a body that is no event")
    kind, data = _text(event.get("type")), event["data"]
    at = _moment(event.get("created_at")) or received_at
    if kind.startswith("suppression."):
        return _suppression(kind, data, at)
    if kind not in KINDS:
        return UnknownReport(f"an event of the kind {kind[:60]!r}")
    provider_id = _text(data.get("email_id"))
    if not provider_id:
        return UnknownReport(f"{kind} without an e-mail's id")
    return EmailReport(
        kind=_kind(kind, data),
        provider_id=provider_id[:80],
        reference=_reference(data.get("tags")),
        address=_address(data.get("to")),
        at=at,
        detail=_detail(data),
    )


def _kind(kind: str, data: Mapping[str, Any]) -> ReportKind:
    """A bounce that is not for good is a delay: it is told, and nobody is punished."""
    bounce = data.get("bounce")
    if kind == "email.bounced" and isinstance(bounce, Mapping) and _text(bounce.get("type")) != "Permanent":
        return ReportKind.DELAYED
    return KINDS[kind]


def _suppression(kind: str, data: Mapping[str, Any], at: datetime) -> Report:
    address = _text(data.get("email"))
    if not address or kind not in ("suppression.added", "suppression.removed"):
        return UnknownReport(f"an event of the kind {kind[:60]!r}")
    return SuppressionReport(address[:320], kind == "suppression.added", _text(data.get("origin")), at)


def listed(entry: Mapping[str, Any]) -> SuppressionReport | None:
    """An entry of the provider's list; None if it names no address."""
    address = _text(entry.get("email"))
    at = _moment(entry.get("created_at")) or datetime.now(UTC)
    return SuppressionReport(address[:320], True, _text(entry.get("origin")), at) if address else None


def _reference(tags: object) -> str:
    """The tags come back as an object, though they are sent as a list."""
    if isinstance(tags, Mapping):
        return _text(tags.get(REFERENCE_TAG))
    listed = tags if isinstance(tags, list) else []
    found = (each for each in listed if isinstance(each, Mapping) and each.get("name") == REFERENCE_TAG)
    return next((_text(each.get("value")) for each in found), "")


def _address(to: object) -> str:
    first = to[0] if isinstance(to, list) and to else to
    return _text(first)[:320]


def _detail(data: Mapping[str, Any]) -> str:
    """Why, as the provider says it: with the mail server's own answer, if there is one."""
    for name in ("bounce", "failed", "suppressed", "complaint"):
        told = data.get(name)
        if isinstance(told, Mapping):
            words = [_text(told.get(key)) for key in ("message", "reason")]
            codes = told.get("diagnosticCode")
            words += [_text(code) for code in codes] if isinstance(codes, list) else [_text(codes)]
            return " ".join(dict.fromkeys(filter(None, words)))[:LONGEST_DETAIL]
    return ""


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(_text(value).replace("Z", "+00:00"))
    except ValueError:
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _text(value: object) -> str:
    return value.replace("\x00", "") if isinstance(value, str) else ""

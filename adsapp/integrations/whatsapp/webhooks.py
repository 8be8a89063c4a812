"""What the provider tells us: is it really the provider, and what does it say. Pure.

A delivery holds up to 1,000 updates, comes again after any answer but 200, and keeps no order. So one entry
that cannot be read never costs its neighbours: it becomes an `UnknownEvent` with the reason. Source: the
provider's webhook reference, 2026.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from adsapp.integrations.events import (
    Delivery,
    Event,
    InboundEvent,
    PreferenceEvent,
    Pricing,
    Source,
    StatusEvent,
    TemplateStatusEvent,
    UnknownEvent,
)
from adsapp.integrations.whatsapp.errors import classify
from adsapp.integrations.whatsapp.opt_out import asks_to_stop
from adsapp.integrations.whatsapp.templates import read_reason

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
_MAX_CHALLENGE: Final = 512
_TAPS: Final = ("button", "interactive")
# What happened to a template, if that is not its status from now on.
_STATUS_AFTER: Final = {"REINSTATED": "APPROVED", "UNARCHIVED": "APPROVED", "FLAGGED": "APPROVED"}


def signature_is_valid(raw: bytes, header: str | None, app_secret: str) -> bool:
    """True if `header` is `sha256=` and the HMAC of the very bytes received; takes the same time either
    way."""
    if not header or not app_secret or not header.startswith("sha256="):
        return False
    expected = hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()
    given = header.removeprefix("sha256=").strip().lower()
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


def challenge(query: Mapping[str, str], verify_token: str) -> str | None:
    """The text to answer a verification GET with (as text/plain, 200), or None if it must be refused
    (403)."""
    given = query.get("hub.verify_token", "")
    answer = query.get("hub.challenge", "")
    if query.get("hub.mode") != "subscribe" or not verify_token or not 0 < len(answer) <= _MAX_CHALLENGE:
        return None
    same = hmac.compare_digest(given.encode("utf-8", "replace"), verify_token.encode())
    return answer if same else None


def parse(raw: bytes, received_at: datetime | None = None) -> Delivery:
    """Every event of one delivery, in its order. Never raises. `received_at` replaces a time that cannot
    be read."""
    now = received_at or datetime.now(UTC)
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError) as problem:
        return Delivery((UnknownEvent("", f"not JSON: {type(problem).__name__}", None, Source()),))
    entries = document.get("entry") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        return Delivery((UnknownEvent("", "no list of entries", document, Source()),))
    return Delivery(tuple(event for entry in entries for event in _entry_events(entry, now)))


def _entry_events(entry: object, now: datetime) -> Iterator[Event]:
    if not isinstance(entry, dict) or not isinstance(entry.get("changes"), list):
        yield UnknownEvent("", "an entry without changes", entry, Source())
        return
    waba_id = _text(entry.get("id"))
    for change in entry["changes"]:
        yield from _change_events(change, waba_id, now)


def _change_events(change: object, waba_id: str, now: datetime) -> Iterator[Event]:
    value = change.get("value") if isinstance(change, dict) else None
    field = _text(change.get("field")) if isinstance(change, dict) else ""
    if not isinstance(value, dict):
        yield UnknownEvent(field, "a change without a value", change, Source(waba_id))
        return
    source = Source(waba_id, _text(_dict(value.get("metadata")).get("phone_number_id")))
    reader = _FIELDS.get(field)
    if reader is None:
        yield UnknownEvent(field, "a field we do not use", value, source)
        return
    yield from reader(value, source, now)


def _messages_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    contacts = [entry for entry in _list(value.get("contacts")) if isinstance(entry, dict)]
    yield from _each("statuses", value, source, lambda item: _status(item, source, now))
    yield from _each("messages", value, source, lambda item: _inbound(item, contacts, source, now))
    for error in _list(value.get("errors")):
        known = classify(error)
        yield UnknownEvent("errors", f"{known.code}: {known.title}", error, source)
    if not any(key in value for key in ("statuses", "messages", "errors")):
        yield UnknownEvent("messages", "neither statuses nor messages", value, source)


def _preferences_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    yield from _each("user_preferences", value, source, lambda item: _preference(item, source, now))


def _template_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    name, event = _text(value.get("message_template_name")), _text(value.get("event"))
    if not name or not event:
        yield UnknownEvent("message_template_status_update", "no template name or event", value, source)
        return
    template_id = _text(value.get("message_template_id"))
    language = _text(value.get("message_template_language"))
    status = _STATUS_AFTER.get(event.upper(), event.upper())
    yield TemplateStatusEvent(template_id, name, language, status, _template_reason(value), source)


def _template_reason(value: dict[str, Any]) -> str:
    spelled_out = _text(_dict(value.get("rejection_info")).get("reason")) or _text(
        _dict(value.get("other_info")).get("title")
    )
    return spelled_out or read_reason(_text(value.get("reason"))) or ""


_FIELDS: Final[dict[str, Callable[[dict[str, Any], Source, datetime], Iterator[Event]]]] = {
    "messages": _messages_field,
    "user_preferences": _preferences_field,
    "message_template_status_update": _template_field,
}


class _Unreadable(Exception):
    pass


def _each(
    field: str, value: dict[str, Any], source: Source, read: Callable[[dict[str, Any]], Event]
) -> Iterator[Event]:
    items = value.get(field, [])
    if not isinstance(items, list):
        yield UnknownEvent(field, "not a list", items, source)
        return
    for item in items:
        if not isinstance(item, dict):
            yield UnknownEvent(field, "not an object", item, source)
            continue
        try:
            yield read(item)
        except _Unreadable as problem:
            yield UnknownEvent(field, str(problem), item, source)


def _status(item: dict[str, Any], source: Source, now: datetime) -> StatusEvent:
    return StatusEvent(
        provider_id=_needed(item, "id"),
        status=_needed(item, "status").lower(),
        timestamp=_moment(item.get("timestamp"), now),
        recipient=_text(item.get("recipient_id")),
        reference=_text(item.get("biz_opaque_callback_data")) or None,
        errors=tuple(classify(error) for error in _list(item.get("errors"))),
        pricing=_pricing(item.get("pricing")),
        source=source,
    )


def _pricing(value: object) -> Pricing | None:
    if not isinstance(value, dict):
        return None
    billable = value.get("billable")
    return Pricing(
        billable if isinstance(billable, bool) else None,
        _text(value.get("pricing_model")),
        _text(value.get("type")),
        _text(value.get("category")),
    )


def _inbound(item: dict[str, Any], contacts: list[dict[str, Any]], source: Source, now: datetime) -> InboundEvent:
    contact = _contact_of(item, contacts)
    text, payload = _content(item)
    sender = _text(item.get("from"))
    kind = _text(item.get("type")) or "unknown"
    is_tap = kind in _TAPS
    return InboundEvent(
        provider_id=_needed(item, "id"),
        sender=sender,
        address=_text(contact.get("wa_id")) or sender,
        text=text,
        kind=kind,
        button_payload=payload,
        answers=_text(_dict(item.get("context")).get("id")) or None,
        timestamp=_moment(item.get("timestamp"), now),
        profile_name=_text(_dict(contact.get("profile")).get("name")),
        source=source,
        user_id=_text(item.get("from_user_id")) or _text(contact.get("user_id")),
        is_tap=is_tap,
        asks_to_stop=asks_to_stop(text) or (is_tap and asks_to_stop(payload or "")),
    )


def _contact_of(item: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """The sender's entry. A lone entry is taken though its id differs: some numbers have two spellings."""
    sender, user = item.get("from"), item.get("from_user_id")
    for contact in contacts:
        if (sender and contact.get("wa_id") == sender) or (user and contact.get("user_id") == user):
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def _content(item: dict[str, Any]) -> tuple[str, str | None]:
    """What was written or tapped, and the payload behind a tap."""
    kind = _text(item.get("type"))
    inner = _dict(item.get(kind))
    if kind == "button":
        return _text(inner.get("text")), _text(inner.get("payload")) or None
    if kind == "interactive":
        reply = _dict(inner.get(_text(inner.get("type"))))
        return _text(reply.get("title")), _text(reply.get("id")) or None
    return _text(inner.get("body")) or _text(inner.get("caption")), None


def _preference(item: dict[str, Any], source: Source, now: datetime) -> PreferenceEvent:
    value = _needed(item, "value").lower()
    return PreferenceEvent(_needed(item, "wa_id"), value, _moment(item.get("timestamp"), now), source)


def _moment(value: object, otherwise: datetime) -> datetime:
    """Unix seconds as text or number (user_preferences sends a number, the rest text)."""
    try:
        moment = datetime.fromtimestamp(int(_text(value)), UTC)
    except (ValueError, OverflowError, OSError):
        return otherwise
    return moment if moment.year >= 2009 else otherwise


def _needed(item: dict[str, Any], key: str) -> str:
    text = _text(item.get(key))
    if not text:
        raise _Unreadable(f"no {key}")
    return text


def _text(value: object) -> str:
    """Text that any database takes: no NUL, no half of a surrogate pair. Numbers become their digits, the
    rest ""."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**30 else ""
    if not isinstance(value, str):
        return ""
    if value.isascii():
        return value.replace("\0", "")
    return value.replace("\0", "").encode("utf-8", "replace").decode("utf-8")


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []

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
    MovedEvent,
    PreferenceEvent,
    Pricing,
    Source,
    StatusEvent,
    UnknownEvent,
)
from adsapp.integrations.values import is_user_id
from adsapp.integrations.whatsapp.errors import classify
from adsapp.integrations.whatsapp.notices import FIELDS
from adsapp.integrations.whatsapp.opt_out import asks_to_stop
from adsapp.integrations.whatsapp.reading import dict_of, list_of, moment_of, text_of

SIGNATURE_HEADER: Final = "X-Hub-Signature-256"
_MAX_CHALLENGE: Final = 512
_TAPS: Final = ("button", "interactive")
# They stand among the messages, but nobody has written: neither a reply nor a reason to open the 24-hour window.
_NOT_WRITTEN: Final = ("request_welcome", "unknown")


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
    waba_id = text_of(entry.get("id"))
    for change in entry["changes"]:
        yield from _change_events(change, waba_id, now)


def _change_events(change: object, waba_id: str, now: datetime) -> Iterator[Event]:
    value = change.get("value") if isinstance(change, dict) else None
    field = text_of(change.get("field")) if isinstance(change, dict) else ""
    if not isinstance(value, dict):
        yield UnknownEvent(field, "a change without a value", change, Source(waba_id))
        return
    source = Source(waba_id, text_of(dict_of(value.get("metadata")).get("phone_number_id")))
    reader = _FIELDS.get(field)
    if reader is None:
        yield UnknownEvent(field, "a field we do not use", value, source)
        return
    yield from reader(value, source, now)


def _messages_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    contacts = [entry for entry in list_of(value.get("contacts")) if isinstance(entry, dict)]
    yield from _each("statuses", value, source, lambda item: _status(item, source, now))
    yield from _each("messages", value, source, lambda item: _message(item, contacts, source, now))
    for error in list_of(value.get("errors")):
        known = classify(error)
        yield UnknownEvent("errors", f"{known.code}: {known.title}", error, source, known)
    if not any(key in value for key in ("statuses", "messages", "errors")):
        yield UnknownEvent("messages", "neither statuses nor messages", value, source)


def _preferences_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    yield from _each("user_preferences", value, source, lambda item: _preference(item, source, now))


def _user_ids_field(value: dict[str, Any], source: Source, now: datetime) -> Iterator[Event]:
    """A field of its own until August 2026; since then system messages tell it."""
    yield from _each("user_id_update", value, source, lambda item: _new_user_id(item, source, now))


_FIELDS: Final[dict[str, Callable[[dict[str, Any], Source, datetime], Iterator[Event]]]] = {
    "messages": _messages_field,
    "user_preferences": _preferences_field,
    "user_id_update": _user_ids_field,
    **FIELDS,
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
    address, user_id = _names(item.get("recipient_id"), item.get("recipient_user_id"))
    return StatusEvent(
        provider_id=_needed(item, "id"),
        status=_needed(item, "status").lower(),
        timestamp=moment_of(item.get("timestamp"), now),
        recipient=address,
        reference=text_of(item.get("biz_opaque_callback_data")) or None,
        errors=tuple(classify(error) for error in list_of(item.get("errors"))),
        pricing=_pricing(item.get("pricing")),
        source=source,
        user_id=user_id,
    )


def _pricing(value: object) -> Pricing | None:
    if not isinstance(value, dict):
        return None
    billable = value.get("billable")
    return Pricing(
        billable if isinstance(billable, bool) else None,
        text_of(value.get("pricing_model")),
        text_of(value.get("type")),
        text_of(value.get("category")),
    )


def _message(item: dict[str, Any], contacts: list[dict[str, Any]], source: Source, now: datetime) -> Event:
    """What a person wrote, or what the provider says about one in the place of a message."""
    kind = text_of(item.get("type")) or "unknown"
    if kind == "system":
        return _system(item, source, now)
    if kind in _NOT_WRITTEN and item.get("type"):
        return UnknownEvent("messages", f"{kind}: nothing that a person wrote", item, source)
    return _inbound(item, contacts, source, now)


def _system(item: dict[str, Any], source: Source, now: datetime) -> Event:
    said = dict_of(item.get("system"))
    kind = text_of(said.get("type"))
    address, user_id = _names(item.get("from"), item.get("from_user_id"), said.get("previous_user_id"))
    new = _names(said.get("wa_id"), said.get("new_wa_id"), said.get("user_id"))
    if not (kind.startswith("user_changed") and any(new)):
        return UnknownEvent("messages", f"a system message {kind}".rstrip(), item, source)
    return MovedEvent(
        address, text_of(said.get("previous_user_id")) or user_id, *new, moment_of(item.get("timestamp"), now), source
    )


def _new_user_id(item: dict[str, Any], source: Source, now: datetime) -> MovedEvent:
    told = dict_of(item.get("user_id"))
    address, previous = _names(item.get("wa_id"), told.get("previous") or item.get("previous_user_id"))
    current = text_of(told.get("current")) or _needed(item, "current_user_id")
    return MovedEvent(address, previous, "", current, moment_of(item.get("timestamp"), now), source)


def _inbound(item: dict[str, Any], contacts: list[dict[str, Any]], source: Source, now: datetime) -> InboundEvent:
    contact = _contact_of(item, contacts)
    text, payload = _content(item)
    sender, user_id = _names(item.get("from"), item.get("from_user_id"), contact.get("user_id"))
    kind = text_of(item.get("type")) or "unknown"
    is_tap = kind in _TAPS
    return InboundEvent(
        provider_id=_needed(item, "id"),
        sender=sender,
        address=_names(contact.get("wa_id"))[0] or sender,
        text=text,
        kind=kind,
        button_payload=payload,
        answers=text_of(dict_of(item.get("context")).get("id")) or None,
        timestamp=moment_of(item.get("timestamp"), now),
        profile_name=text_of(dict_of(contact.get("profile")).get("name")),
        source=source,
        user_id=user_id,
        is_tap=is_tap,
        asks_to_stop=asks_to_stop(text) or (is_tap and asks_to_stop(payload or "")),
    )


def _names(*given: object) -> tuple[str, str]:
    """The number and the user id among what names a person: since usernames, either may stand in the other's field."""
    texts = [text for text in map(text_of, given) if text]
    user_ids = [text for text in texts if is_user_id(text)]
    others = [text for text in texts if not is_user_id(text)]
    return others[0] if others else "", user_ids[0] if user_ids else ""


def _contact_of(item: dict[str, Any], contacts: list[dict[str, Any]]) -> dict[str, Any]:
    """The sender's entry. A lone entry is taken though its id differs: some numbers have two spellings."""
    sender, user = item.get("from"), item.get("from_user_id")
    for contact in contacts:
        if (sender and contact.get("wa_id") == sender) or (user and contact.get("user_id") == user):
            return contact
    return contacts[0] if len(contacts) == 1 else {}


def _content(item: dict[str, Any]) -> tuple[str, str | None]:
    """What was written or tapped, and the payload behind a tap."""
    kind = text_of(item.get("type"))
    inner = dict_of(item.get(kind))
    if kind == "button":
        return text_of(inner.get("text")), text_of(inner.get("payload")) or None
    if kind == "interactive":
        reply = dict_of(inner.get(text_of(inner.get("type"))))
        return text_of(reply.get("title")), text_of(reply.get("id")) or None
    return text_of(inner.get("body")) or text_of(inner.get("caption")), None


def _preference(item: dict[str, Any], source: Source, now: datetime) -> PreferenceEvent:
    value = _needed(item, "value").lower()
    address, user_id = _names(item.get("wa_id"), item.get("user_id"))
    if not (address or user_id):
        raise _Unreadable("no wa_id and no user_id")
    return PreferenceEvent(address, value, moment_of(item.get("timestamp"), now), source, user_id)


def _needed(item: dict[str, Any], key: str) -> str:
    text = text_of(item.get(key))
    if not text:
        raise _Unreadable(f"no {key}")
    return text

"""Webhook bodies in the provider's shape. Pure."""

import hashlib
import hmac
import json
from typing import Any

from adsapp.sandbox.config import AccountConfig
from adsapp.sandbox.state import Message
from adsapp.sandbox.whatsapp.errors import status_error
from adsapp.sandbox.whatsapp.ids import user_id_of

_PRICED = frozenset({"sent", "delivered", "read"})


def status(message: Message, name: str, at: float, error: int, named: dict[str, str]) -> dict[str, Any]:
    """One entry of `statuses`; named: the person. The timestamp is a text of whole seconds."""
    item: dict[str, Any] = {
        "id": message.wamid,
        "status": name,
        "timestamp": str(int(at)),
        **named,
    }
    if message.callback_data is not None:
        item["biz_opaque_callback_data"] = message.callback_data
    if name in _PRICED:
        item["pricing"] = _pricing(message.category)
    if error:
        item["errors"] = [status_error(error)]
    return item


def _pricing(category: str) -> dict[str, Any]:
    is_service = category == "service"
    return {
        "billable": not is_service,
        "pricing_model": "PMP",
        "type": "free_customer_service" if is_service else "regular",
        "category": category,
    }


def inbound(
    named: dict[str, str],
    wamid: str,
    at: float,
    text: str,
    button_payload: str | None = None,
    context: dict[str, str] | None = None,
) -> dict[str, Any]:
    """One entry of `messages`: a text, or, with a payload, the tap on a quick reply."""
    item: dict[str, Any] = {**named, "id": wamid, "timestamp": str(int(at))}
    if context:
        item["context"] = context
    if button_payload is None:
        return {**item, "type": "text", "text": {"body": text}}
    return {**item, "type": "button", "button": {"payload": button_payload, "text": text}}


def moved(old: str, new: str, wamid: str, at: float) -> dict[str, Any]:
    """One entry of `messages` that nobody wrote: a person has another number, and with it another user id."""
    said = {
        "body": f"User changed from {old} to {new}",
        "type": "user_changed_number",
        "wa_id": new,
        "user_id": user_id_of(new),
        "previous_user_id": user_id_of(old),
    }
    return {"from": old, "id": wamid, "timestamp": str(int(at)), "type": "system", "system": said}


def preference(named: dict[str, str], value: str, at: float) -> dict[str, Any]:
    """One entry of `user_preferences`; its timestamp is a number, unlike all others."""
    return {
        **named,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }


def change(account: AccountConfig, part: str, items: list[dict[str, Any]], name: str = "") -> dict[str, Any]:
    """One entry of `changes`. part: `statuses`, `messages` (with the customer's name), `user_preferences`; or another
    field, whose one item is the value itself."""
    if part not in ("statuses", "messages", "user_preferences"):
        return {"field": part, "value": items[0]}
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": account.display_phone_number,
            "phone_number_id": account.phone_number_id,
        },
    }
    if part != "statuses" and items[0].get("type") != "system":
        value["contacts"] = [{"profile": {"name": name}, **_who(items[0])}]
    value[part] = items
    return {"field": "user_preferences" if part == "user_preferences" else "messages", "value": value}


def _who(item: dict[str, Any]) -> dict[str, str]:
    number, user_id = item.get("from") or item.get("wa_id"), item.get("from_user_id") or item.get("user_id")
    return {name: value for name, value in (("wa_id", number), ("user_id", user_id)) if value}


def envelope(account: AccountConfig, changes: list[dict[str, Any]]) -> bytes:
    """The bytes that are sent and signed: serialised once, with everything outside ASCII escaped."""
    entry = {"id": account.waba_id, "changes": changes}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def sign(raw: bytes, app_secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()

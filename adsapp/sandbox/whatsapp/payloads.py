"""Webhook bodies in the provider's shape. Pure."""

import hashlib
import hmac
import json
from typing import Any

from adsapp.sandbox.config import AccountConfig
from adsapp.sandbox.state import Message
from adsapp.sandbox.whatsapp.errors import status_error

_PRICED = frozenset({"sent", "delivered", "read"})


def status(message: Message, name: str, at: float, error: int = 0) -> dict[str, Any]:
    """One entry of `statuses`. The timestamp is a text of whole seconds, as the provider sends it."""
    item: dict[str, Any] = {
        "id": message.wamid,
        "status": name,
        "timestamp": str(int(at)),
        "recipient_id": message.wa_id,
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
    wa_id: str,
    wamid: str,
    at: float,
    text: str,
    button_payload: str | None = None,
    context: dict[str, str] | None = None,
) -> dict[str, Any]:
    """One entry of `messages`: a text, or, with a payload, the tap on a quick reply."""
    item: dict[str, Any] = {"from": wa_id, "id": wamid, "timestamp": str(int(at))}
    if context:
        item["context"] = context
    if button_payload is None:
        return {**item, "type": "text", "text": {"body": text}}
    return {**item, "type": "button", "button": {"payload": button_payload, "text": text}}


def preference(wa_id: str, value: str, at: float) -> dict[str, Any]:
    """One entry of `user_preferences`; its timestamp is a number, unlike all others."""
    return {
        "wa_id": wa_id,
        "detail": f"User requested to {value} marketing messages",
        "category": "marketing_messages",
        "value": value,
        "timestamp": int(at),
    }


def change(account: AccountConfig, part: str, items: list[dict[str, Any]], name: str = "") -> dict[str, Any]:
    """One entry of `changes`. part: `statuses`, `messages` (with the customer's name) or `user_preferences`."""
    value: dict[str, Any] = {
        "messaging_product": "whatsapp",
        "metadata": {
            "display_phone_number": account.display_phone_number,
            "phone_number_id": account.phone_number_id,
        },
    }
    if part != "statuses":
        wa_id = items[0].get("from") or items[0]["wa_id"]
        value["contacts"] = [{"profile": {"name": name}, "wa_id": wa_id}]
    value[part] = items
    return {"field": "user_preferences" if part == "user_preferences" else "messages", "value": value}


def envelope(account: AccountConfig, changes: list[dict[str, Any]]) -> bytes:
    """The bytes that are sent and signed: serialised once, with everything outside ASCII escaped."""
    entry = {"id": account.waba_id, "changes": changes}
    body = {"object": "whatsapp_business_account", "entry": [entry]}
    return json.dumps(body, ensure_ascii=True, separators=(",", ":")).encode("ascii")


def sign(raw: bytes, app_secret: str) -> str:
    """The value of X-Hub-Signature-256."""
    return "sha256=" + hmac.new(app_secret.encode(), raw, hashlib.sha256).hexdigest()

"""Webhooks as the provider sends them, for tests that say who and what."""

import itertools
import time
from pathlib import Path
from typing import Any

from tests.campaigns.rehearsal import NUMBER, WABA

_places = itertools.count(1)


def case(path: Path) -> bytes:
    """A file of a case, sent now."""
    return path.read_text().replace("NOW", str(int(time.time()))).encode()


def webhook(field: str = "messages", number: str = NUMBER, business: str = WABA, **value: Any) -> dict[str, Any]:
    """One change of this field; `number` "" for what concerns the whole business account."""
    about = {"messaging_product": "whatsapp", "metadata": {"phone_number_id": number}} if number else {}
    entry = {"id": business, "changes": [{"field": field, "value": {**about, **value}}]}
    return {"object": "whatsapp_business_account", "entry": [entry]}


def written(text: str, **names: str) -> dict[str, Any]:
    """An entry of `messages`; `names`: from, from_user_id (write from_ for the first)."""
    named = {name.removesuffix("_"): value for name, value in names.items()}
    return {**named, "id": f"wamid.IN.{next(_places)}", "type": "text", "text": {"body": text}, "timestamp": now()}


def preference(value: str, **names: str) -> dict[str, Any]:
    """An entry of `user_preferences`."""
    return {**names, "category": "marketing_messages", "value": value, "timestamp": int(time.time())}


def moved(kind: str, **names: str) -> dict[str, Any]:
    """A system message: `from_`, `from_user_id` name the message, the rest stands in its inner part."""
    outer = {name.removesuffix("_"): value for name, value in names.items() if name.startswith("from")}
    inner = {name: value for name, value in names.items() if not name.startswith("from")}
    return {
        **outer,
        "id": f"wamid.SYS.{next(_places)}",
        "type": "system",
        "timestamp": now(),
        "system": {"type": kind, **inner},
    }


def failed(provider_id: str, code: int, status: str = "failed") -> dict[str, Any]:
    """An entry of `statuses` with an error."""
    return {"id": provider_id, "status": status, "timestamp": now(), "errors": [{"code": code, "title": "no"}]}


def now() -> str:
    """The provider's clock."""
    return str(int(time.time()))

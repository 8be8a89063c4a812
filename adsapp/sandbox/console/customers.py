"""Being the customer: a reply, a tap or a choice in the settings, from the control API or the page."""

from collections.abc import Mapping
from typing import Any

from adsapp.sandbox.state import Account, Sandbox
from adsapp.sandbox.web import Problem
from adsapp.sandbox.whatsapp.delivery import Update
from adsapp.sandbox.whatsapp.ids import digits_of, owner_of
from adsapp.sandbox.whatsapp.sending import Sender


def account_named(sandbox: Sandbox, phone_number_id: object) -> Account:
    """The named business number, or the first one if none is named. Raises Problem if there is none."""
    if phone_number_id is None and sandbox.accounts:
        return next(iter(sandbox.accounts.values()))
    account = sandbox.accounts.get(str(phone_number_id))
    if account is None:
        raise Problem(
            "there is no such business number",
            "phone_number_id",
            "see GET /_sandbox/accounts, or add one with POST /_sandbox/accounts",
            404,
        )
    return account


def update_from(sender: Sender, account: Account, data: Mapping[str, Any]) -> Update:
    """{"from", "text"} or {"from", "button"} or {"from", "preference": "stop" | "resume"} or {"from", "moves_to"};
    "context" is a wamid; "from" may be a user id: then the number is not told."""
    hidden, digits = _who(data.get("from"))
    last = account.last_message.get(digits)
    wa_id = last.wa_id if last else digits
    if (choice := data.get("preference")) is not None:
        if choice not in ("stop", "resume"):
            raise Problem(f"not a choice: {choice!r}", "preference", 'send "stop" or "resume"')
        return sender.preference(account, digits, wa_id, choice, hidden=hidden)
    if (new := data.get("moves_to")) is not None:
        moved = digits_of(new) if isinstance(new, str) else None
        if moved is None:
            raise Problem("not a phone number", "moves_to", "send a number such as +12025550102")
        return sender.moves(account, digits, moved, sender.now)
    if data.get("button") is not None:
        label, payload = _button(data["button"])
        context = data.get("context") or (last.wamid if last else None)
        return sender.reply(account, digits, wa_id, label, payload, context, hidden=hidden)
    text = data.get("text")
    if not isinstance(text, str) or not text.strip():
        raise Problem("nothing to say", "text", "send a text, or a button")
    return sender.reply(account, digits, wa_id, text, None, data.get("context"), hidden=hidden)


def _who(name: object) -> tuple[bool, str]:
    """Is the number hidden, and the digits."""
    text = name if isinstance(name, str) else ""
    owner, digits = owner_of(text), digits_of(text)
    if owner is None and digits is None:
        raise Problem("not a phone number", "from", "send a number such as +12025550101, or a user id")
    return owner is not None, owner or digits or ""


def _button(button: object) -> tuple[str, str]:
    """A button by its text, or as {"text", "payload"}."""
    named: Mapping[str, Any] = button if isinstance(button, Mapping) else {"text": button}
    text = named.get("text")
    if not isinstance(text, str) or not text:
        raise Problem("no such button", "button", 'send its text, or {"text", "payload"}')
    return text, str(named.get("payload", text))

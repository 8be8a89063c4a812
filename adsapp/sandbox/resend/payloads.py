"""Webhook bodies in the provider's shape, and their signature. Pure."""

import base64
import hashlib
import hmac
import json
from typing import Any

from adsapp.sandbox.resend.state import Email, iso
from adsapp.sandbox.resend.suppressions import Suppression

_BOUNCES = {
    "Permanent": (
        "NoEmail",
        "The recipient's mail server says that there is no such mailbox.",
        "smtp; 550 5.1.1 user unknown",
    ),
    "Transient": ("MailboxFull", "The recipient's mailbox is full.", "smtp; 452 4.2.2 mailbox full"),
}
_AGENT = "Mozilla/5.0 (Sandbox) Reader/1.0"


def email(mail: Email, event: str, at: float, kind: str = "") -> dict[str, Any]:
    """An event about an e-mail. kind: of a bounce its type, of a failure its reason, of a click its link."""
    request = mail.request
    data: dict[str, Any] = {
        "email_id": mail.id,
        "created_at": iso(mail.accepted_at),
        "from": request.sender,
        "to": list(request.to),
        "subject": request.subject,
    }
    if request.tags:
        data["tags"] = dict(request.tags)
    if request.headers:
        data["headers"] = [{"name": name, "value": value} for name, value in request.headers.items()]
    return envelope(f"email.{event}", at, data | _details(event, at, kind))


def _details(event: str, at: float, kind: str) -> dict[str, Any]:
    if event == "bounced":
        sub_type, message, diagnostic = _BOUNCES[kind]
        return {"bounce": {"type": kind, "subType": sub_type, "message": message, "diagnosticCode": [diagnostic]}}
    if event == "clicked":
        click = {"ipAddress": "192.0.2.10", "link": kind, "timestamp": iso(at), "userAgent": _AGENT}
        return {"click": click}
    if event == "failed":
        return {"failed": {"reason": kind}}
    if event == "suppressed":
        what = "The address is on the list of suppressed addresses of this team."
        reason = "previous_complaint" if kind == "complaint" else "previous_bounce"
        return {"suppressed": {"type": "OnAccountSuppressionList", "reason": reason, "message": what}}
    return {}


def suppression(item: Suppression, event: str, at: float) -> dict[str, Any]:
    """event: `added` or `removed`."""
    return envelope(f"suppression.{event}", at, item.as_json())


def envelope(kind: str, at: float, data: dict[str, Any]) -> dict[str, Any]:
    return {"type": kind, "created_at": iso(at), "data": data}


def raw(body: dict[str, Any]) -> bytes:
    """The bytes that are sent and signed."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """One entry of `svix-signature`."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()

"""A webhook of the organization's own: JSON, signed, under the same id at each try.

The signature is the HMAC-SHA256, in hexadecimal, of `TIMESTAMP.BODY` under the channel's secret. Whoever checks it
takes the bytes as they came, compares in constant time, and refuses a timestamp that is minutes old: a copy that is
sent once more is then worth nothing.
"""

import hashlib
import hmac
import json
import uuid
from datetime import datetime
from typing import Final

from adsapp.alerts.channels.message import Message, Told
from adsapp.alerts.channels.posting import post
from adsapp.core.clock import utcnow
from adsapp.core.outgoing import Caller

TIMESTAMP: Final = "X-ADSapp-Timestamp"
SIGNATURE: Final = "X-ADSapp-Signature"
DELIVERY: Final = "X-ADSapp-Delivery"
EVENT: Final = "X-ADSapp-Event"


def send(message: Message, delivery_id: uuid.UUID, address: str, secret: str, caller: Caller) -> Told:
    """Post it; raises NotTold."""
    body = json.dumps({"id": str(delivery_id), **message.as_json()}, ensure_ascii=False).encode()
    return post(caller, address, body, headers(message, delivery_id, body, secret, utcnow()))


def headers(message: Message, delivery_id: uuid.UUID, body: bytes, secret: str, now: datetime) -> dict[str, str]:
    """Those that say what it is and that it is from us."""
    stamp = str(int(now.timestamp()))
    return {
        EVENT: f"alert.{message.what.value}",
        DELIVERY: str(delivery_id),
        TIMESTAMP: stamp,
        SIGNATURE: f"v1={signature(stamp, body, secret)}",
    }


def signature(stamp: str, body: bytes, secret: str) -> str:
    return hmac.new(secret.encode(), f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()

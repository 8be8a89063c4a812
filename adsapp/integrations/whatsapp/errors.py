"""The one function that reads an error of the Cloud API; the codes themselves are in `codes`.

The provider says to decide by `code`, and its own documents disagree about HTTP statuses, so the status is
looked at only if an answer holds no code at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from adsapp.integrations.errors import Meaning, SendError
from adsapp.integrations.http import wait_in
from adsapp.integrations.whatsapp import codes

# Seen under 132018, 132000 and 100, so the text decides.
_TEXT_RULE = re.compile(r"param text cannot have new-?line", re.IGNORECASE)
_RECIPIENT_PARAMETER = re.compile(r"\brecipient\b|\bparam(?:eter)?\s+['\"\[]?to\b", re.IGNORECASE)


def classify(
    error: object,
    *,
    http_status: int | None = None,
    headers: Mapping[str, str] | None = None,
    now: datetime | None = None,
) -> SendError:
    """Read an error envelope `{"error": {…}}`, or one entry of a webhook's `errors`, and say what to do.

    Never raises: whatever is missing or odd leads to a careful default. `now` serves a Retry-After that is a
    date.
    """
    body = _body(error)
    code = _integer(body.get("code"))
    message = _message(body)
    meaning = _meaning(code, body, message, http_status)
    wished = retry_after(headers or {}, now or datetime.now(UTC))
    return SendError(
        code=None if code is None else str(code),
        message=message,
        action=meaning.action,
        retry_after=meaning.wait if wished is None else wished,
        advice=meaning.advice,
        title=meaning.title,
        attempts=meaning.attempts,
        stops_campaign=meaning.stops_campaign,
        part=codes.PARTS.get(_integer(body.get("error_subcode")) or 0, ""),
    )


def _body(error: object) -> Mapping[str, Any]:
    if not isinstance(error, Mapping):
        return {}
    inner = error.get("error")
    return inner if isinstance(inner, Mapping) else error


def _meaning(code: int | None, body: Mapping[str, Any], message: str, http_status: int | None) -> Meaning:
    if code is None:
        return codes.BY_STATUS.get(http_status or 0, codes.UNKNOWN)
    if _TEXT_RULE.search(message):
        return codes.BAD_VALUE
    if code == 100 and _integer(body.get("error_subcode")) == 33:
        return codes.UNKNOWN_NUMBER
    if code in (100, 131009) and _RECIPIENT_PARAMETER.search(message):
        return codes.BAD_RECIPIENT
    if code in codes.MEANINGS:
        return codes.MEANINGS[code]
    if 200 <= code <= 299:
        return codes.PERMISSION
    return codes.PASSING if body.get("is_transient") is True else codes.UNKNOWN


def _message(body: Mapping[str, Any]) -> str:
    """The provider's text, with the details behind it if they say more."""
    text = next((str(body[key]) for key in ("message", "title") if body.get(key)), "")
    data = body.get("error_data")
    details = str(data.get("details") or "") if isinstance(data, Mapping) else ""
    if not details or details in text:
        return text
    return f"{text}: {details}" if text else details


def _integer(value: object) -> int | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return value
    if isinstance(value, str) and re.fullmatch(r"\d{1,9}", value, re.ASCII):
        return int(value)
    return None


def retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds the provider wants us to wait, 0 to one day, or None if it does not say.

    Reads `Retry-After` (seconds or an HTTP date), then `X-Business-Use-Case-Usage` (minutes in JSON). Header
    names in any case.
    """
    lower = {name.lower(): value for name, value in headers.items()}
    seconds = wait_in(lower.get("retry-after", ""), now)
    if seconds is None:
        seconds = _usage_seconds(lower.get("x-business-use-case-usage", ""))
    return None if seconds is None else min(max(seconds, 0.0), codes.DAY)


def _usage_seconds(value: str) -> float | None:
    """The longest wait listed in `{"<id>": [{"estimated_time_to_regain_access": <minutes>}]}`."""
    if not value:
        return None
    try:
        uses = json.loads(value)
        minutes = [
            _integer(use.get("estimated_time_to_regain_access")) or 0 for listed in uses.values() for use in listed
        ]
    except (ValueError, AttributeError, TypeError, RecursionError):
        return None
    longest = max(minutes, default=0)
    return longest * 60.0 if longest > 0 else None

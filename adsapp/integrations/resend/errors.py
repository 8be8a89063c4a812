"""Reads an error of Resend; the errors themselves are in `codes`. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from adsapp.integrations.base import Limits
from adsapp.integrations.errors import Action, Meaning, SendError
from adsapp.integrations.http import wait_in
from adsapp.integrations.resend import codes

LONGEST_WAIT: Final = 86_400.0
LONGEST_MESSAGE: Final = 500
RENEWED: Final = timedelta(minutes=1)  # after midnight: two clocks never agree to the second


def classify(
    answer: object, *, http_status: int, headers: Mapping[str, str] | None = None, now: datetime | None = None
) -> SendError:
    """Read an error `{"statusCode": …, "name": …, "message": …}`, and say what to do.

    Never raises: whatever is missing or odd is read by its HTTP status.
    """
    body = answer if isinstance(answer, Mapping) else {}
    name, now = str(body.get("name") or ""), now or datetime.now(UTC)
    code = codes.DOMAIN if name == "validation_error" and http_status == 403 else name
    meaning = codes.MEANINGS.get(code) or _by_status(http_status)
    message = str(body.get("message") or f"HTTP {http_status}")[:LONGEST_MESSAGE]
    return error_of(meaning, code or None, message, _wait(meaning, headers or {}, now))


def error_of(meaning: Meaning, code: str | None, message: str, wait: float | None = None) -> SendError:
    """An error of this meaning."""
    return SendError(
        code=code,
        message=message,
        action=meaning.action,
        retry_after=wait,
        advice=meaning.advice,
        title=meaning.title,
        stops_campaign=meaning.stops_campaign,
    )


def of_item(message: str) -> SendError:
    """An e-mail of a batch that was refused for itself: the provider says why, and no name."""
    meaning = codes.MEANINGS["validation_error"]
    return error_of(meaning, "validation_error", message[:LONGEST_MESSAGE] or meaning.title)


def _by_status(status: int) -> Meaning:
    if status >= 500:
        return codes.UNKNOWN_FAULT
    if status in (401, 403):
        return codes.UNKNOWN_KEY
    return codes.UNKNOWN_LIMIT if status == 429 else codes.UNKNOWN


def _wait(meaning: Meaning, headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds to wait: the provider's wish if it stated one, else when the quota renews, else the usual wait."""
    asked = lower(headers)
    wished = wait_in(asked.get("retry-after", ""), now)
    if wished is None and meaning.action is Action.SLOW_NUMBER:
        wished = number_in(asked.get("ratelimit-reset", ""))
    if wished is None and meaning.action is Action.QUOTA:
        return (next_day(now) - now).total_seconds()
    return meaning.wait if wished is None else min(max(wished, 0.0), LONGEST_WAIT)


def next_day(now: datetime) -> datetime:
    """When a daily quota renews: with the next day by UTC. The provider's documents do not say it more exactly."""
    return now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1) + RENEWED


def note_limits(limits: Limits, headers: Mapping[str, str]) -> None:
    """Keep what the headers of an answer say; what they do not say stays as it was."""
    said = lower(headers)
    limit = number_in(said.get("ratelimit-limit", ""))
    daily, monthly = (number_in(said.get(f"x-resend-{each}-quota", "")) for each in ("daily", "monthly"))
    if limit is not None and limit > 0:
        limits.requests_per_second = limit
    limits.daily_sent = limits.daily_sent if daily is None else int(daily)
    limits.monthly_sent = limits.monthly_sent if monthly is None else int(monthly)


def lower(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by their names in small letters."""
    return {name.lower(): value for name, value in headers.items()}


def number_in(text: str) -> float | None:
    """The number a header begins with ("2", "2;w=1"); None if it is none."""
    found = re.match(r"\s*(\d{1,9}(?:\.\d{1,6})?)", text, re.ASCII)
    return float(found[1]) if found else None

"""A team's limits: requests a second, e-mails a day and a month. There is no clock: every call is given the time."""

import math
from datetime import UTC, datetime

from adsapp.sandbox.resend.errors import ApiError
from adsapp.sandbox.windows import WINDOW, MovingWindow


class RequestRate:
    """So many requests in any moving second, to all endpoints together. Those refused for this are not counted."""

    def __init__(self, limit: int) -> None:
        self.window = MovingWindow(limit)

    def take(self, now: float) -> None:
        if not self.window.has_room(now):
            what = f"Too many requests. You can only make {self.window.limit} requests per second."
            raise ApiError("rate_limit_exceeded", what, retry_after=math.ceil(self.window.room_in(now)) or 1)
        self.window.take(now)

    def headers(self, now: float) -> dict[str, str]:
        used = self.window.used(now)
        return {
            "ratelimit-limit": str(self.window.limit),
            "ratelimit-remaining": str(max(0, self.window.limit - used)),
            "ratelimit-reset": str(math.ceil(WINDOW)),
        }


class Quota:
    """E-mails accepted today and this month, by UTC. A quota of 0 is none."""

    def __init__(self) -> None:
        self._day = self._month = ""
        self.today = self.this_month = 0

    def check(self, count: int, daily: int, monthly: int, now: float) -> None:
        """ApiError if `count` more do not fit; then none of them is sent."""
        self._turn(now)
        if monthly and self.this_month + count > monthly:
            raise ApiError("monthly_quota_exceeded", "You have reached your monthly email sending quota.")
        if daily and self.today + count > daily:
            raise ApiError("daily_quota_exceeded", "You have reached your daily email sending quota.")

    def take(self, count: int) -> None:
        self.today += count
        self.this_month += count

    def headers(self, now: float) -> dict[str, str]:
        """How many were sent, which is what the provider's headers say."""
        self._turn(now)
        return {"x-resend-daily-quota": str(self.today), "x-resend-monthly-quota": str(self.this_month)}

    def _turn(self, now: float) -> None:
        day = datetime.fromtimestamp(now, UTC).strftime("%Y-%m-%d")
        if day != self._day:
            self._day, self.today = day, 0
        if day[:7] != self._month:
            self._month, self.this_month = day[:7], 0

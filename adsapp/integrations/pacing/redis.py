"""Pacing in Redis 7 or Valkey: one script a call, atomic, by the server's own clock.

A flushed server forgets the last slot of a key and so exceeds the limit by at most what was reserved ahead at
that moment.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final, cast

import redis

from adsapp.integrations.pacing.arithmetic import SECOND, Grant, Reservation, check, check_slow_down

# The same lines as `arithmetic.grant`. Lua counts in doubles, exact for whole numbers below 2^53 (the year
# 2255); its tostring would round such numbers to 14 digits, hence the formats.
_NOW: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'last_at', 'slow_until', 'factor')
local last_at, slow_until, factor = tonumber(state[1] or '0'), tonumber(state[2] or '0'), tonumber(state[3] or
'1')
"""
_RESERVE: Final = (
    _NOW
    + """
local count, rate, horizon = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local slowed = now < slow_until
if not slowed then factor = 1 end
last_at = math.min(last_at, now + 60000000)
local interval = math.ceil(1000000 / (rate * (factor > 0 and factor or 1)))
local first = last_at > 0 and math.max(now, last_at + interval) or now
if slowed and factor == 0 then first = math.max(first, slow_until) end
local granted = 0
if first <= now + horizon then
  granted = math.min(count, math.floor((now + horizon - first) / interval) + 1)
end
local retry_after = 0
if granted == 0 then
  retry_after = first - now - horizon
else
  last_at = first + (granted - 1) * interval
  redis.call('HSET', KEYS[1], 'last_at', string.format('%.0f', last_at))
  local keep = math.max(last_at + interval, slow_until) - now + 60000000
  redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(keep / 1000)))
end
return {first, interval, granted, now, retry_after}
"""
)
_SLOW_DOWN: Final = (
    _NOW
    + """
local until_at, wanted = math.min(tonumber(ARGV[1]), now + 604800000000), tonumber(ARGV[2])
if until_at <= now then return 0 end
if now < slow_until then until_at, wanted = math.max(until_at, slow_until), math.min(wanted, factor) end
redis.call('HSET', KEYS[1], 'slow_until', string.format('%.0f', until_at), 'factor', string.format('%.17g',
wanted)) redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil((math.max(until_at, last_at) - now +
60000000) / 1000))) return 1
"""
)


class RedisPacer:
    """A `Pacer` over a Redis client (thread-safe, as the client is). Keys are stored under `prefix`."""

    def __init__(self, client: redis.Redis, prefix: str = "adsapp:pace:") -> None:
        self._prefix = prefix
        self._reserve = client.register_script(_RESERVE)
        self._slow_down = client.register_script(_SLOW_DOWN)

    def reserve(self, key: str, count: int, rate: float, horizon: float) -> Reservation:
        check(count, rate, horizon)
        answer = self._run(self._reserve, key, [count, repr(float(rate)), round(horizon * SECOND)])
        return Grant(*answer).in_seconds()

    def slow_down(self, key: str, until: float, factor: float) -> None:
        check_slow_down(until, factor)
        self._run(self._slow_down, key, [math.ceil(until * SECOND), repr(float(factor))])

    def _run(self, script: Any, key: str, arguments: Sequence[int | str]) -> Sequence[int]:
        """A script the server has forgotten (restart, flush) is loaded again by the client itself."""
        return cast(Sequence[int], script(keys=[self._prefix + key], args=list(arguments)))

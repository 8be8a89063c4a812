"""Pacing in Redis 7 or Valkey: one script a call, atomic, by the server's own clock.

A flushed server forgets what was answered in the last second, so the second after a flush may hold up to twice the
limit; what is on its way is reported anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import redis

from adsapp.integrations.pacing.last_second import Report
from adsapp.integrations.pacing.pacer import Admission
from adsapp.integrations.pacing.spacing import SECOND, check_rate, check_slow_down

# Lua counts in doubles, exact for whole numbers below 2^53 (the year 2255); its tostring would round such numbers to
# 14 digits, hence the formats.
_NOW: Final = """
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000000 + tonumber(time[2])
local state = redis.call('HMGET', KEYS[1], 'last_at', 'slow_until', 'factor')
local last_at, slow_until, factor = tonumber(state[1] or '0'), tonumber(state[2] or '0'), tonumber(state[3] or '1')
"""
# The same lines as `last_second.count`, `spacing.take` and `pacer.admit`; a key's senders and times are fields of its
# second hash.
_ADMIT: Final = (
    _NOW
    + """
local me, held, wanted, rate = 'h' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local function bucket(moment) return math.ceil(moment / 10000) * 10000 end
local latest, counted, gone = bucket(now + 1000000), held, {me}
local fields = redis.call('HGETALL', KEYS[2])
for place = 1, #fields, 2 do
  local name, value = fields[place], fields[place + 1]
  local count, at = string.match(value, '^(%d+) ?(%d*)$')
  if string.sub(name, 1, 1) == 'h' then
    if tonumber(at) <= now - 10000000 then gone[#gone + 1] = name elseif name ~= me then counted = counted + count end
  else
    local till = tonumber(string.sub(name, 2))
    if till <= now or till > latest then gone[#gone + 1] = name else counted = counted + count end
  end
end
redis.call('HDEL', KEYS[2], unpack(gone))
for place = 5, #ARGV, 2 do
  local till = bucket(now + math.min(tonumber(ARGV[place]), 1000000))
  redis.call('HINCRBY', KEYS[2], 'a' .. string.format('%.0f', till), ARGV[place + 1])
  counted = counted + tonumber(ARGV[place + 1])
end

local admitted, wait = 0, 0
wanted = math.min(wanted, math.ceil(rate) - counted)
if wanted > 0 then
  local slowed = now < slow_until
  if not slowed then factor = 1 end
  last_at = math.min(last_at, now)
  local interval = math.ceil(1000000 / (rate * (factor > 0 and factor or 1)))
  local first = last_at > 0 and math.max(now - 100000, last_at + interval) or now
  if slowed and factor == 0 then first = math.max(first, slow_until) end
  if first > now then
    wait = first - now
  else
    admitted = math.min(wanted, math.floor((now - first) / interval) + 1)
    last_at = first + (admitted - 1) * interval
    redis.call('HSET', KEYS[1], 'last_at', string.format('%.0f', last_at))
    local keep = math.max(last_at + interval, slow_until) - now + 60000000
    redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(keep / 1000)))
  end
end
if held + admitted > 0 then
  redis.call('HSET', KEYS[2], me, string.format('%.0f %.0f', held + admitted, now))
end
redis.call('PEXPIRE', KEYS[2], 20000)
return {admitted, wait, now}
"""
)
_SLOW_DOWN: Final = (
    _NOW
    + """
local until_at, wanted = now + math.ceil(math.min(tonumber(ARGV[1]), 604800) * 1000000), tonumber(ARGV[2])
if until_at <= now then return 0 end
if now < slow_until then until_at, wanted = math.max(until_at, slow_until), math.min(wanted, factor) end
redis.call('HSET', KEYS[1], 'slow_until', string.format('%.0f', until_at), 'factor', string.format('%.17g', wanted))
local keep = math.max(until_at, last_at) - now + 60000000
redis.call('PEXPIRE', KEYS[1], string.format('%.0f', math.ceil(keep / 1000)))
return 1
"""
)


class RedisPacer:
    """A `Pacer` over a Redis client (thread-safe, as the client is). Keys are stored under `prefix`."""

    def __init__(self, client: redis.Redis, prefix: str = "adsapp:pace:") -> None:
        self._prefix = prefix
        self._admit = client.register_script(_ADMIT)
        self._slow_down = client.register_script(_SLOW_DOWN)

    def admit(self, key: str, report: Report) -> Admission:
        return self.admit_at(key, report)[0]

    def admit_at(self, key: str, report: Report) -> tuple[Admission, int]:
        """The answer, and the server's clock when it counted."""
        check_rate(report.rate)
        answered = [number for pair in report.answered.items() for number in pair]
        arguments: list[int | str] = [report.sender, report.held, report.wanted, repr(float(report.rate)), *answered]
        admitted, wait, now = self._run(self._admit, key, arguments)
        return Admission(admitted, wait / SECOND), now

    def slow_down(self, key: str, seconds: float, factor: float) -> None:
        check_slow_down(seconds, factor)
        self._run(self._slow_down, key, [repr(float(seconds)), repr(float(factor))])

    def _run(self, script: Any, key: str, arguments: Sequence[int | str]) -> Any:
        """A script the server has forgotten (restart, flush) is loaded again by the client itself."""
        return script(keys=[self._prefix + key, f"{self._prefix}{key}:last_second"], args=list(arguments))

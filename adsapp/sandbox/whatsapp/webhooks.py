"""The webhook engine: holds everything that will happen to messages and passes it on when it is due."""

import asyncio
import dataclasses
import heapq
import itertools
from typing import Any

import aiohttp

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import Timing
from adsapp.sandbox.state import Account
from adsapp.sandbox.whatsapp.delivery import Line, Shared, Switches, Told, Update

_TIMEOUT = aiohttp.ClientTimeout(total=10)


class WebhookEngine:
    """Times are the sandbox's own: advancing its clock brings everything forward."""

    def __init__(self, clock: Clock, timing: Timing, batch_size: int = 100, seed: int = 0) -> None:
        self._clock = clock
        self._timing = timing
        self._shared = Shared(clock, timing, batch_size, seed)
        self._due: list[tuple[float, int, Update]] = []
        self._lines: dict[str, Line] = {}
        self._given_up_lines: list[Line] = []
        self._count = itertools.count(1)
        self._collected = 0
        self._planned = asyncio.Event()

    @property
    def switches(self) -> Switches:
        return self._shared.switches

    def schedule(self, update: Update, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._count), update))
        self._planned.set()

    def tell_soon(self, update: Update) -> None:
        """Report it at the next flush. Its effect is applied immediately."""
        update.happen()
        self.schedule(update, self._clock.now())

    async def tell_now(self, update: Update) -> None:
        """Report it before all others; returns once it was answered or has failed once (it is then tried again)."""
        update.happen()
        if update.account.config.webhook_url and not self.switches.hold:
            self._planned.set()
            await self._line(update.account).tell_now(self._clock.now(), update)

    def as_json(self) -> dict[str, Any]:
        """Updates sent and pending (planned ones too), POSTs made and failed, updates given up."""
        told = dataclasses.asdict(self._shared.told)
        return {**told, "pending": self._pending}

    @property
    def _pending(self) -> int:
        return len(self._due) + sum(line.pending for line in self._lines.values())

    def reset_figures(self) -> None:
        """Reset the figures; planned updates stay."""
        told = self._shared.told
        told.sent = told.posts = told.failed = told.given_up = 0

    def forget(self) -> None:
        """Drop all planned updates and all figures. A POST in flight may still arrive."""
        self._due.clear()
        self._given_up_lines += self._lines.values()
        self._lines.clear()
        self._shared.switches = Switches()
        self._shared.told = Told()

    async def run(self) -> None:
        """Report what is due until cancelled."""
        async with aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=_TIMEOUT, trust_env=False
        ) as self._shared.session:
            try:
                while True:
                    self._planned.clear()
                    self.flush()
                    if not self._pending:
                        await self._planned.wait()
                    await asyncio.sleep(self._timing.flush_every)
            finally:
                for line in (*self._lines.values(), *self._given_up_lines):
                    await line.close()

    def flush(self) -> None:
        """Apply the effects that are due, and start their POSTs."""
        now = self._clock.now()
        while self._due and self._due[0][0] <= now:
            at, _, update = heapq.heappop(self._due)
            self._take(at, update, now)
        if self.switches.hold:
            return
        for line in self._lines.values():
            line.flush(now)

    def _take(self, at: float, update: Update, now: float) -> None:
        update.happen()
        if not update.part or not update.account.config.webhook_url:
            return
        self._line(update.account).add(at, update)
        if not update.is_copy and self._comes_twice():
            copy = dataclasses.replace(update, is_copy=True, item=lambda _: update.item(at))
            self.schedule(copy, now + self._timing.delivered)

    def _comes_twice(self) -> bool:
        every = self.switches.duplicate_every
        self._collected += 1
        return every > 0 and self._collected % every == 0

    def _line(self, account: Account) -> Line:
        number = account.config.phone_number_id
        if number not in self._lines:
            self._lines[number] = Line(account, self._shared)
        return self._lines[number]

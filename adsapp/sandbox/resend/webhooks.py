"""Holds what will happen to e-mails, lets it happen when it is due, and tells the teams' webhooks, event by event.

Whatever is not answered with 2xx within 15 s comes again after 5 s, 5 min, 30 min, 2 h, 5 h and 10 h of the sandbox's
clock, under the same `svix-id`, and is given up then. There is no order between events.
"""

import asyncio
import dataclasses
import heapq
import itertools
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import aiohttp

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import Timing
from adsapp.sandbox.resend import payloads
from adsapp.sandbox.resend.state import Team, Webhook

MOST_POSTS_AT_ONCE = 16
_TIMEOUT = aiohttp.ClientTimeout(total=15)


@dataclass(slots=True)
class Switches:
    """How webhooks misbehave, set at `POST /_sandbox/emails/webhooks`.

    duplicate_every n: each n-th event is sent twice, with one `svix-id` (0: none). shuffle: the order is wrong, also
    within an e-mail. hold: nothing is sent until it is switched off. signature_age: the signature is so many seconds
    old. other_signatures: entries that do not match stand before the right one. wrong_secret: none matches.
    """

    duplicate_every: int = 0
    shuffle: bool = False
    hold: bool = False
    signature_age: int = 0
    other_signatures: bool = False
    wrong_secret: bool = False

    def change(self, data: object) -> None:
        """Raises ValueError, and changes nothing, if a switch does not exist or a value has the wrong type."""
        if not isinstance(data, dict):
            raise ValueError("expected a JSON object of switches")
        known = {item.name: type(getattr(self, item.name)) for item in fields(self)}
        for name, value in data.items():
            if name not in known:
                raise ValueError(f"unknown switch {name!r}; known are {', '.join(known)}")
            if type(value) is not known[name] or value < 0:
                raise ValueError(f"{name}: expected {known[name].__name__}, not {value!r}")
        for name, value in data.items():
            setattr(self, name, value)


@dataclass(slots=True)
class Told:
    """Counts: events delivered, POSTs made, POSTs that failed, events given up."""

    sent: int = 0
    posts: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(slots=True, eq=False)
class Delivery:
    """One event for one webhook."""

    id: str
    webhook: Webhook
    raw: bytes
    tries: int = 0


class Postman:
    """Times are the sandbox's own: advancing its clock brings everything forward."""

    def __init__(self, clock: Clock, timing: Timing, seed: int = 0) -> None:
        self.switches = Switches()
        self._clock = clock
        self._timing = timing
        self._seed = seed
        self._told = Told()
        self._planned: list[tuple[float, int, Callable[[float], None]]] = []
        self._waiting: list[tuple[float, int, Delivery]] = []
        self._out: set[asyncio.Task[None]] = set()
        self._count = itertools.count(1)
        self._slots = asyncio.Semaphore(MOST_POSTS_AT_ONCE)
        self._news = asyncio.Event()
        self._session: aiohttp.ClientSession | None = None

    def schedule(self, at: float, happens: Callable[[float], None]) -> None:
        """Call `happens` with the time it was planned for, once that has come."""
        heapq.heappush(self._planned, (at, next(self._count), happens))
        self._news.set()

    def tell(self, team: Team, body: dict[str, Any]) -> None:
        """Tell those of the team's webhooks that want to know."""
        for webhook in team.webhooks.values():
            if body["type"] not in webhook.events:
                continue
            number = next(self._count)
            unique = f"{zlib.crc32(webhook.id.encode()):08x}{self._seed & 0xFFFFFFFFFF:010x}{number:08x}"
            delivery = Delivery(f"msg_{unique}", webhook, payloads.raw(body))
            self._put(self._clock.now(), delivery)
            if self.switches.duplicate_every and number % self.switches.duplicate_every == 0:
                self._put(self._clock.now() + self._timing.delivered, dataclasses.replace(delivery))

    def as_json(self) -> dict[str, Any]:
        """Events sent and pending (planned ones too), POSTs made and failed, events given up."""
        return {**dataclasses.asdict(self._told), "pending": self._pending}

    @property
    def _pending(self) -> int:
        return len(self._planned) + len(self._waiting) + len(self._out)

    def reset_figures(self) -> None:
        """Reset the figures; planned events stay."""
        self._told = Told()

    def forget(self) -> None:
        """Drop all planned events and all figures. A POST in flight may still arrive."""
        self._planned.clear()
        self._waiting.clear()
        self.switches = Switches()
        self._told = Told()

    async def run(self) -> None:
        """Let happen what is due, and tell it, until cancelled."""
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=False) as self._session:
            try:
                while True:
                    self._news.clear()
                    self.flush()
                    if not self._pending:
                        await self._news.wait()
                    await asyncio.sleep(self._timing.flush_every)
            finally:
                for task in self._out:
                    task.cancel()
                await asyncio.gather(*self._out, return_exceptions=True)

    def flush(self) -> None:
        """Let happen what is due, and start the POSTs of all that may go out now."""
        now = self._clock.now()
        while self._planned and self._planned[0][0] <= now:
            at, _, happens = heapq.heappop(self._planned)
            happens(at)
        if self.switches.hold:
            return
        due: list[tuple[float, int, Delivery]] = []
        while self._waiting and self._waiting[0][0] <= self._clock.now():
            due.append(heapq.heappop(self._waiting))
        for _, _, delivery in sorted(due, key=self._lot) if self.switches.shuffle else due:
            task = asyncio.get_running_loop().create_task(self._post(delivery))
            self._out.add(task)
            task.add_done_callback(self._out.discard)

    def _lot(self, item: tuple[float, int, Delivery]) -> int:
        """A pseudo-random position that is the same in every run."""
        return zlib.crc32(f"{self._seed} {item[1]}".encode())

    def _put(self, at: float, delivery: Delivery) -> None:
        heapq.heappush(self._waiting, (at, next(self._count), delivery))
        self._news.set()

    async def _post(self, delivery: Delivery) -> None:
        async with self._slots:
            was_heard = await self._is_heard(delivery)
        delivery.tries += 1
        self._told.posts += 1
        if was_heard:
            self._told.sent += 1
            return
        self._told.failed += 1
        if delivery.tries > len(self._timing.email_retries):
            self._told.given_up += 1
            return
        self._put(self._clock.now() + self._timing.email_retries[delivery.tries - 1], delivery)

    async def _is_heard(self, delivery: Delivery) -> bool:
        assert self._session is not None
        try:
            async with self._session.post(
                delivery.webhook.endpoint, data=delivery.raw, headers=self._headers(delivery), allow_redirects=False
            ) as response:
                return 200 <= response.status < 300
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

    def _headers(self, delivery: Delivery) -> dict[str, str]:
        # The machine's time: the receiver compares it with its own clock, which nobody has moved forward.
        timestamp = int(time.time()) - self.switches.signature_age
        secret = "whsec_d3Jvbmc=" if self.switches.wrong_secret else delivery.webhook.secret
        signature = payloads.sign(secret, delivery.id, timestamp, delivery.raw)
        if self.switches.other_signatures:
            signature = f"v1a,c29tZXRoaW5nIGVsc2U= v1,AAAA {signature}"
        return {
            "Content-Type": "application/json",
            "User-Agent": "Svix-Webhooks/1.0",
            "svix-id": delivery.id,
            "svix-timestamp": str(timestamp),
            "svix-signature": signature,
        }

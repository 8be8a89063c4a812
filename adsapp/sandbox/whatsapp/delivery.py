"""One business number's queue to its webhook: batches, signs, posts, and tries again until it is answered.

Updates with the same key (a message, a customer) keep their order; across keys there is none. A batch that is
not answered with 200 is sent again after 0.5, 1, 2, 4, … seconds and given up only after 50 tries.
A webhook that does not answer holds up no other number.
"""

import asyncio
import heapq
import itertools
import zlib
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

import aiohttp

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import Timing
from adsapp.sandbox.state import Account
from adsapp.sandbox.whatsapp import payloads

MOST_TRIES = 50
MOST_POSTS_AT_ONCE = 4
_MOST_BATCHES_OUT = 32


@dataclass(slots=True)
class Switches:
    """How webhooks misbehave, set at `POST /_sandbox/webhooks`.

    duplicate_every n: each n-th update is sent twice (0: none). shuffle: the order is wrong, also within a message.
    hold: nothing is sent until it is switched off. user_ids: people are named by their user ids too; hide_numbers: and
    only by them, as those are who have a username.
    """

    duplicate_every: int = 0
    shuffle: bool = False
    status_before_response: bool = False
    skip_delivered: bool = False
    hold: bool = False
    user_ids: bool = False
    hide_numbers: bool = False

    def names(self, number: str, user_id: str, *, by: tuple[str, str], hidden: bool = False) -> dict[str, str]:
        """How a webhook names a person; `by`: its fields for the number and for the user id."""
        hides = self.hide_numbers or hidden
        named = {} if hides else {by[0]: number}
        return named | {by[1]: user_id} if hides or self.user_ids else named

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


@dataclass(slots=True, eq=False)
class Update:
    """One event to report. `item` makes its JSON from the time it came due; `happens` runs once, at that time. Without
    a `part` it only happens, and nothing is reported."""

    account: Account
    part: str
    key: str
    item: Callable[[float], dict[str, Any]]
    name: str = ""
    happens: Callable[[], None] | None = None
    is_copy: bool = False

    def happen(self) -> None:
        happens, self.happens = self.happens, None
        if happens is not None:
            happens()


@dataclass(slots=True)
class Told:
    """Counts: updates delivered, POSTs made, POSTs that failed, updates given up."""

    sent: int = 0
    posts: int = 0
    failed: int = 0
    given_up: int = 0


@dataclass(slots=True, eq=False)
class Batch:
    keys: set[str]
    size: int
    raw: bytes
    tries: int = 0


@dataclass(slots=True)
class Shared:
    """What the queues of all numbers share."""

    clock: Clock
    timing: Timing
    batch_size: int
    seed: int
    session: aiohttp.ClientSession | None = None
    switches: Switches = field(default_factory=Switches)
    told: Told = field(default_factory=Told)


class Line:
    def __init__(self, account: Account, shared: Shared) -> None:
        self._account = account
        self._shared = shared
        self._told = shared.told
        self._waiting: deque[tuple[float, Update]] = deque()
        self._again: list[tuple[float, int, Batch]] = []
        self._busy: set[str] = set()
        self._out: set[Batch] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._slots = asyncio.Semaphore(MOST_POSTS_AT_ONCE)
        self._count = itertools.count()

    @property
    def pending(self) -> int:
        return len(self._waiting) + sum(batch.size for batch in self._out)

    def add(self, at: float, update: Update) -> None:
        self._waiting.append((at, update))

    def flush(self, now: float) -> None:
        """Start the POSTs of everything that may go out now."""
        while self._again and self._again[0][0] <= now:
            self._start(heapq.heappop(self._again)[2])
        if self._shared.switches.shuffle:
            self._waiting = deque(sorted(self._waiting, key=self._lot))
        while self._waiting and len(self._out) < _MOST_BATCHES_OUT:
            chosen = self._choose()
            if not chosen:
                return
            self._start(self._pack(chosen))

    async def tell_now(self, at: float, update: Update) -> None:
        """Skip the queue; returns once it was answered or has failed once (it is then tried again)."""
        await self._post(self._pack([(at, update)]))

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _choose(self) -> list[tuple[float, Update]]:
        """Take the updates for one batch; those whose key is in flight already stay in the queue, in order."""
        chosen: list[tuple[float, Update]] = []
        kept: list[tuple[float, Update]] = []
        may_overtake = self._shared.switches.shuffle
        while self._waiting and len(chosen) < self._shared.batch_size:
            item = self._waiting.popleft()
            (chosen if may_overtake or item[1].key not in self._busy else kept).append(item)
        self._waiting.extendleft(reversed(kept))
        return chosen

    def _lot(self, item: tuple[float, Update]) -> int:
        """A pseudo-random position that is the same in every run."""
        return zlib.crc32(f"{self._shared.seed} {item[1].key} {item[0] % 60:.3f}".encode())

    def _pack(self, chosen: list[tuple[float, Update]]) -> Batch:
        config = self._account.config
        statuses = [update.item(at) for at, update in chosen if update.part == "statuses"]
        changes = [payloads.change(config, "statuses", statuses)] if statuses else []
        changes += [
            payloads.change(config, update.part, [update.item(at)], update.name)
            for at, update in chosen
            if update.part != "statuses"
        ]
        batch = Batch({update.key for _, update in chosen}, len(chosen), payloads.envelope(config, changes))
        self._busy |= batch.keys
        self._out.add(batch)
        return batch

    def _start(self, batch: Batch) -> None:
        task = asyncio.get_running_loop().create_task(self._post(batch))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _post(self, batch: Batch) -> None:
        async with self._slots:
            was_heard = await self._is_heard(batch.raw)
        batch.tries += 1
        self._told.posts += 1
        if was_heard:
            self._told.sent += batch.size
            self._finish(batch)
            return
        self._told.failed += 1
        if batch.tries >= MOST_TRIES:
            self._told.given_up += batch.size
            self._finish(batch)
            return
        again = self._shared.clock.now() + self._wait(batch.tries)
        heapq.heappush(self._again, (again, next(self._count), batch))

    def _wait(self, tries: int) -> float:
        timing = self._shared.timing
        return min(timing.first_retry * 2.0 ** (tries - 1), timing.longest_retry)

    def _finish(self, batch: Batch) -> None:
        self._out.discard(batch)
        self._busy -= batch.keys

    async def _is_heard(self, raw: bytes) -> bool:
        config, session = self._account.config, self._shared.session
        assert session is not None
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "facebookexternalua",
            "X-Hub-Signature-256": payloads.sign(raw, config.app_secret),
        }
        try:
            async with session.post(config.webhook_url, data=raw, headers=headers, allow_redirects=False) as response:
                return response.status == 200
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError):
            return False

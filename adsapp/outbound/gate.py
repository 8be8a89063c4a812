"""The gate that every request passes just before it is written: all that wait in this process ask together."""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from adsapp.core.logs import get_logger
from adsapp.integrations.pacing import Admission, Report
from adsapp.outbound.rate_window import Window

LATE_SECONDS = 0.25  # what was not written so long after it was admitted is not written
ASK_SECONDS = 0.01  # on average: processes that asked in step would not get equal shares
STORAGE_AWAY_SECONDS = 0.1
SILENT_SECONDS = 2.0  # well below the time after which the others forget what this process holds
LONGEST_WAIT = 1.5  # whoever would wait longer is turned away: better waiting in the database than here

log = get_logger()


class Gate:
    """One number in one process; lives on the loop that sends. `admit` is the installation's pacer for this number,
    called in `executor` because it waits. `opens_at`: not before then is anybody admitted, as far as was heard."""

    def __init__(self, rate: float, admit: Callable[[Report], Admission], executor: Executor) -> None:
        self.window = Window(rate)
        self.opens_at = 0.0
        self._admit = admit
        self._executor = executor
        self._waiting: deque[tuple[object, asyncio.Future[float | None]]] = deque()  # for whom, in the order they came
        self._asking: asyncio.Task[None] | None = None
        self._asked = 0.0
        self._away_since: float | None = None

    async def enter(self, owner: object) -> float | None:
        """Wait to be admitted; since when one is, or None if one was turned away. Whoever is admitted writes at once,
        and leaves in the end."""
        waiter: asyncio.Future[float | None] = asyncio.get_running_loop().create_future()
        self._waiting.append((owner, waiter))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._keep_asking())
        return await waiter

    def leave(self, written: float | None, now: float) -> None:
        """See Window."""
        self.window.leave(written, now)

    def turn_away(self, owner: object) -> None:
        """Nobody who waits for this owner is admitted any more."""
        leaving = [waiter for each, waiter in self._waiting if each is owner]
        self._waiting = deque(pair for pair in self._waiting if pair[0] is not owner)
        for waiter in leaving:
            _tell(waiter, None)

    async def _keep_asking(self) -> None:
        while self._waiting or not self.window.is_at_rest:
            try:
                if self._has_to_ask(time.monotonic()):
                    await self._ask()
                await asyncio.sleep(ASK_SECONDS * random.uniform(0.5, 1.5))  # noqa: S311
            except Exception as error:  # whichever way the storage says that it is away: then nobody is admitted
                self._note_away(error)
                await asyncio.sleep(STORAGE_AWAY_SECONDS)

    def _has_to_ask(self, now: float) -> bool:
        may_be_let_in = bool(self._waiting) and now >= self.opens_at
        return may_be_let_in or self.window.has_news or now - self._asked > SILENT_SECONDS

    async def _ask(self) -> None:
        self._asked = time.monotonic()
        report = self.window.report(len(self._waiting), self._asked)
        admission = await asyncio.get_running_loop().run_in_executor(self._executor, self._admit, report)
        self._away_since = None
        self.window.admit(report, admission.count)
        self.opens_at = self._asked + admission.wait
        for _ in range(admission.count):
            self._let_in()
        if admission.wait > LONGEST_WAIT:
            self._turn_all_away()

    def _let_in(self) -> None:
        if not self._waiting:  # turned away while it was asked for them
            self.window.leave(None, self._asked)
            return
        _, waiter = self._waiting.popleft()
        if not _tell(waiter, self._asked):
            self.window.leave(None, self._asked)

    def _turn_all_away(self) -> None:
        while self._waiting:
            _tell(self._waiting.popleft()[1], None)

    def _note_away(self, error: Exception) -> None:
        log.warning("pacer_away", error=type(error).__name__)
        now = time.monotonic()
        self._away_since = self._away_since or now
        if now - self._away_since > LONGEST_WAIT:
            self.opens_at = now + 2 * LONGEST_WAIT
            self._turn_all_away()


def _tell(waiter: asyncio.Future[float | None], admitted_at: float | None) -> bool:
    """False if its task was cancelled: the loop ends."""
    with contextlib.suppress(asyncio.InvalidStateError):
        waiter.set_result(admitted_at)
        return True
    return False

"""The gate that every request passes just before it is written: the requests whose slots have come ask together."""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor

from adsapp.campaigns.sending.rate_window import Window
from adsapp.core.logs import get_logger
from adsapp.integrations.pacing import Report

LATE_SECONDS = 0.25  # what cannot be written until so long after its slot takes a new one
ASK_SECONDS = 0.01
STORAGE_AWAY_SECONDS = 0.1
SILENT_SECONDS = 2.0  # well below the time after which the others forget what this process holds

log = get_logger()


class Gate:
    """One number in one process; lives on the loop that sends. `admit` is the installation's pacer for this number,
    called in `executor` because it waits."""

    def __init__(self, limit: float, admit: Callable[[Report], int], executor: Executor) -> None:
        self.window = Window(limit)
        self._admit = admit
        self._executor = executor
        self._waiting: deque[tuple[float, asyncio.Future[bool]]] = deque()  # slots, in the order they came
        self._asking: asyncio.Task[None] | None = None
        self._asked = 0.0

    async def enter(self, slot: float) -> bool:
        """Wait to be admitted; False if it took too long. Whoever is admitted writes at once, and leaves in the end."""
        waiter: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((slot, waiter))
        if self._asking is None or self._asking.done():
            self._asking = asyncio.get_running_loop().create_task(self._keep_asking())
        return await waiter

    def leave(self, written: float | None, now: float) -> None:
        """See Window."""
        self.window.leave(written, now)

    async def _keep_asking(self) -> None:
        while self._waiting or not self.window.is_at_rest:
            self._turn_late_ones_away()
            try:
                if self._waiting or self.window.has_news or time.monotonic() - self._asked > SILENT_SECONDS:
                    await self._ask()
                await asyncio.sleep(ASK_SECONDS)
            except Exception as error:  # whichever way the storage says that it is away: then nobody is admitted
                log.warning("pacer_away", error=type(error).__name__)
                await asyncio.sleep(STORAGE_AWAY_SECONDS)

    async def _ask(self) -> None:
        self._asked = time.monotonic()
        report = self.window.report(len(self._waiting), self._asked)
        admitted = await asyncio.get_running_loop().run_in_executor(self._executor, self._admit, report)
        self.window.admit(report, admitted)
        for _ in range(admitted):
            self._tell_next(True)

    def _turn_late_ones_away(self) -> None:
        late = time.monotonic() - LATE_SECONDS
        while self._waiting and self._waiting[0][0] < late:
            self._tell_next(False)

    def _tell_next(self, is_admitted: bool) -> None:
        _, waiter = self._waiting.popleft()
        with contextlib.suppress(asyncio.InvalidStateError):  # its task was cancelled: the loop ends
            waiter.set_result(is_admitted)

"""One e-mail in a storm: workers are killed, told to go and frozen, the broker forgets, answers are lost, reports come
twice and out of order. What a seed decides can be repeated."""

import os
import random
import signal
import time
import uuid
from collections import Counter
from collections.abc import Callable
from multiprocessing.context import ForkServerProcess
from typing import Any, Final

from adsapp.jobs import Queue
from tests.emails.on_the_air import LiveMail
from tests.installation import Installation
from tests.waiting import wait_for

PEOPLE: Final = 120
FROZEN_SECONDS: Final = 6.0  # longer than a lease
FAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"drop_after_accept": True, "every": 5},
    {"drop_before_accept": True, "every": 7},
    {"name": "application_error", "accept_first": True, "every": 6},
    {"name": "rate_limit_exceeded", "retry_after": 1, "every": 9},
    {"name": "concurrent_idempotent_requests", "every": 8},
    {"delay_ms": 300, "every": 3},
)


class Storm:
    """One run of one seed."""

    def __init__(self, mail: LiveMail, processes: Installation, seed: int) -> None:
        self._mail = mail
        self._processes = processes
        self._chance = random.Random(seed)
        self._workers: list[ForkServerProcess] = []
        self._frozen: list[tuple[float, ForkServerProcess]] = []

    def blow(self, blows: int, others: Callable[[], None] | None = None) -> uuid.UUID:
        """Send an e-mail to PEOPLE through the storm; `others` is one more kind of blow. Returns once it is over."""
        self._mail.ask("webhooks", {"duplicate_every": 3, "shuffle": True})
        for fault in self._chance.sample(FAULTS, 3):
            self._mail.fault(**fault, times=self._chance.randint(1, 4))
        self._mail.contacts([f"row{place}@example.com" for place in range(PEOPLE)])
        email_id = self._mail.start()
        for _ in range(2):
            self._hire()
        kinds = [self._kill, self._kill, self._tell_to_go, self._freeze, self._flush, *([others] if others else [])]
        for _ in range(blows):
            time.sleep(self._chance.uniform(0.1, 1.0))  # a blow falls at its moment, whatever happens then
            self._replace_the_dead()
            self._chance.choice(kinds)()
            self._thaw()
        while self._frozen:
            wait_for(lambda: time.monotonic() >= self._frozen[0][0], 10, "the time of the frozen")
            self._thaw()
        self._wait_for(lambda: self._mail.status(email_id) == "completed", 120, "the e-mail is through")
        reported = {"delivered"}
        self._wait_for(lambda: set(self._mail.people(email_id).values()) == reported, 60, "all reports are applied")
        return email_id

    def judge(self, email_id: uuid.UUID) -> None:
        """Each person once in the sandbox's ledger, and ours agrees."""
        sent = Counter(self._mail.ledger())
        assert {address: count for address, count in sent.items() if count > 1} == {}, "somebody got two"
        assert sorted(sent) == sorted(self._mail.people(email_id)), "somebody got none"
        counts = self._mail.counts(email_id)
        assert (counts.delivered, counts.adds_up, counts.uncertain) == (PEOPLE, True, 0)

    def _hire(self) -> None:
        self._workers.append(self._processes.start_worker(Queue.EMAIL_NOTIFICATION))

    def _wait_for(self, what: Callable[[], bool], seconds: float, name: str) -> None:
        def is_so() -> bool:
            self._replace_the_dead()
            return what()

        wait_for(is_so, seconds, name)

    def _replace_the_dead(self) -> None:
        """As the supervisor does: a worker that begins while its database is away ends by itself."""
        dead = [each for each in self._workers if not each.is_alive()]
        for worker in dead:
            self._workers.remove(worker)
            self._hire()

    def _awake(self) -> list[ForkServerProcess]:
        frozen = [each for _, each in self._frozen]
        return [each for each in self._workers if each not in frozen]

    def _kill(self) -> None:
        for worker in self._awake()[:1]:
            self._workers.remove(worker)
            self._processes.kill(worker)
            self._hire()

    def _tell_to_go(self) -> None:
        for worker in self._awake()[:1]:
            self._workers.remove(worker)
            worker.terminate()
            self._hire()

    def _freeze(self) -> None:
        for worker in self._awake()[1:2]:  # one is left to go on
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGSTOP)
            self._frozen.append((time.monotonic() + FROZEN_SECONDS, worker))

    def _thaw(self) -> None:
        while self._frozen and time.monotonic() >= self._frozen[0][0]:
            _, worker = self._frozen.pop(0)
            assert worker.pid is not None
            os.kill(worker.pid, signal.SIGCONT)

    def _flush(self) -> None:
        self._mail.app.extensions["broker"].flush()

"""The worker processes of one run: started, killed, frozen, replaced. Each is held by a file descriptor of its own,
so that no signal ever reaches a stranger that got a dead worker's number."""

import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from adsapp.config import ROOT
from tests.waiting import wait_for


@dataclass(eq=False)
class Member:
    """One worker process."""

    pid: int
    handle: int
    counts: bool = True  # one of the fleet's size, or an extra that is there to die
    frozen: bool = False
    leaving: bool = False  # was sent SIGTERM
    killed: bool = False  # by us

    _closing: threading.Lock = field(default_factory=threading.Lock)  # against the timer that wakes it

    @property
    def is_alive(self) -> bool:
        """True until it has ended, however that was."""
        with self._closing:
            return self._is_alive()

    def _is_alive(self) -> bool:
        return self.handle >= 0 and not select.select([self.handle], [], [], 0)[0]

    def send(self, number: signal.Signals) -> None:
        """Send a signal; no effect on one that has ended."""
        with self._closing:
            if self._is_alive():
                signal.pidfd_send_signal(self.handle, number)

    def bury(self) -> None:
        """Wait until it has ended, and forget it."""
        with self._closing:
            select.select([self.handle], [], [], 20)
            os.close(self.handle)
            self.handle = -1


@dataclass
class Fleet:
    """So many workers, and how they come and go. `start`, then `stop`."""

    size: int
    environment: Mapping[str, str]
    log: Path  # where their own words go: with a broker that is away, these are many
    members: list[Member] = field(default_factory=list)
    own_deaths: int = 0  # workers that ended without our doing
    _nursery: "subprocess.Popen[str] | None" = None
    _timers: list[threading.Timer] = field(default_factory=list)

    def start(self) -> None:
        """Begin with the full number."""
        with self.log.open("ab") as log:
            self._nursery = subprocess.Popen(
                [sys.executable, "-m", "tests.chaos.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env=dict(self.environment),
                cwd=ROOT,
            )
        self.replace()

    def stop(self) -> None:
        """End them all, whatever state they are in."""
        for timer in self._timers:
            timer.cancel()
        for member in self.members:
            member.send(signal.SIGKILL)
        for member in self.members:
            member.bury()
        self.members.clear()
        if self._nursery is not None:
            self._nursery.communicate(timeout=20)

    def dismiss(self) -> None:
        """SIGTERM to all; returns when they have ended by themselves."""
        for member in self.members:
            member.leaving = True
            member.send(signal.SIGTERM)
        wait_for(lambda: not any(member.is_alive for member in self.members), 60, "workers end after SIGTERM")

    def replace(self) -> None:
        """Start a new worker for each that has ended."""
        for member in [each for each in self.members if not each.is_alive]:
            self.own_deaths += not (member.killed or member.leaving) and member.counts
            member.bury()
            self.members.remove(member)
        while sum(member.counts and not member.leaving for member in self.members) < self.size:
            self.hire("works")

    def hire(self, kind: str, *, counts: bool = True) -> Member:
        """One more worker process of this kind."""
        assert self._nursery is not None
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self._nursery.stdin.write(kind + "\n")
        self._nursery.stdin.flush()
        pid = int(self._nursery.stdout.readline())
        member = Member(pid, os.pidfd_open(pid), counts)
        self.members.append(member)
        return member

    def awake(self) -> list[Member]:
        """Workers that work: alive, not frozen, not on their way out."""
        return [m for m in self.members if m.counts and m.is_alive and not m.frozen and not m.leaving]

    def freeze(self, member: Member, seconds: float) -> None:
        """Stop it in its tracks, and wake it after so long; from a thread, for it may hold locks that we wait for."""
        member.frozen = True
        member.send(signal.SIGSTOP)
        timer = threading.Timer(seconds, self._wake, [member])
        timer.daemon = True
        timer.start()
        self._timers.append(timer)

    def _wake(self, member: Member) -> None:
        member.send(signal.SIGCONT)
        member.frozen = False

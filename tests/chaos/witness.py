"""What processors saw, written past the engine: one line an event, in one write each, so that a kill tears none.

Times are `time.monotonic_ns()`, which all processes of a machine share.
"""

import json
import os
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

VARIABLE = "CHAOS_WITNESS"


@dataclass(frozen=True)
class Event:
    """One line: which hold of which job (job, attempt, lease), in which process, and what it did."""

    at: int  # monotonic nanoseconds
    job: str
    attempt: int
    lease: str
    pid: int
    what: str  # begin, seen, step, noted, end
    value: str = ""

    def __str__(self) -> str:
        return (
            f"{self.at / 1e9:.4f} attempt {self.attempt} lease {self.lease[:8]} pid {self.pid} {self.what} {self.value}"
        )


class Witness:
    """Appends events of this process to the file that the environment names."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)

    def tell(self, job: str, attempt: int, lease: str, what: str, value: str = "") -> None:
        """Write one event."""
        event = Event(time.monotonic_ns(), job, attempt, lease, os.getpid(), what, value)
        os.write(self._file, (json.dumps(asdict(event)) + "\n").encode())


def read_events(path: Path) -> Sequence[Event]:
    """All events in their order in time."""
    if not path.exists():
        return []
    lines = path.read_text(encoding="utf-8").splitlines()
    return sorted((Event(**json.loads(line)) for line in lines), key=lambda event: event.at)

"""What a worker tells the bench: when its first job started, how many ran, how long each waited.

Kept in memory and written to `BENCH_RECORDS/<pid>.json` by a thread, so that a job pays next to nothing for it.
Standard library only: peers run it in environments of their own.
"""

import contextlib
import json
import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

WRITE_EVERY_SECONDS = 0.02


@dataclass
class Record:
    """Seconds; moments by the machine's clock, as `time.time()` has them."""

    runs: int = 0
    first: float | None = None
    delays: list[float] = field(default_factory=list)


_record = Record()
_lock = threading.Lock()
_writer: threading.Thread | None = None


def started(sent_at: float) -> None:
    """A job starts now; `sent_at` is when somebody began to enqueue it, or 0 where that is not measured."""
    now = time.time()
    with _lock:
        _record.runs += 1
        if sent_at:
            _record.delays.append(now - sent_at)
        if _record.first is None:
            _record.first = now
            _start_writing()


def _start_writing() -> None:
    global _writer
    _writer = threading.Thread(target=_write_on, name="bench-record", daemon=True)
    _writer.start()


def _write_on() -> None:
    path = Path(os.environ["BENCH_RECORDS"]) / f"{os.getpid()}.json"
    written = 0
    while True:
        if _record.runs != written:
            with _lock:
                written, text = _record.runs, json.dumps(vars(_record))
            draft = path.with_suffix(".draft")
            draft.write_text(text)
            draft.replace(path)
        time.sleep(WRITE_EVERY_SECONDS)


def read(folder: Path) -> Record:
    """What all workers have written so far, as one."""
    whole = Record()
    for path in folder.glob("*.json"):
        with contextlib.suppress(FileNotFoundError):
            each = Record(**json.loads(path.read_text()))
            whole.runs += each.runs
            whole.delays += each.delays
            whole.first = min(whole.first or each.first or 0.0, each.first or 0.0)
    return whole

"""A test that wants the machine for itself gets it, and gets it soon."""

import fcntl
import threading
from pathlib import Path

from tests.alone import turn
from tests.waiting import wait_for


def begin(folder: Path, seen: list[str], name: str, until: threading.Event, *, alone: bool) -> threading.Thread:
    """Files of its own, as another process would have: locks belong to the open file."""

    def run() -> None:
        with turn(folder, alone=alone):
            seen.append(name)
            until.wait(10)

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def is_held(door: Path) -> bool:
    with door.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_others_run_side_by_side_and_one_alone_waits_for_them_and_holds_up_who_comes_later(tmp_path: Path) -> None:
    seen: list[str] = []
    first, alone = threading.Event(), threading.Event()
    threads = [begin(tmp_path, seen, "side by side", first, alone=False) for _ in range(2)]
    wait_for(lambda: len(seen) == 2)
    threads.append(begin(tmp_path, seen, "alone", alone, alone=True))
    wait_for(lambda: is_held(tmp_path / "door"))
    threads.append(begin(tmp_path, seen, "later", first, alone=False))
    assert seen == ["side by side"] * 2
    first.set()
    wait_for(lambda: len(seen) == 3)
    assert seen[2:] == ["alone"]
    alone.set()
    for thread in threads:
        thread.join(10)
    assert seen[2:] == ["alone", "later"]

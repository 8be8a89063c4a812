"""The enqueueing side of every system in Python: `MODE COUNT SLEEP_MS SECONDS`, answered in one line of JSON.

Modes: `one` at a time; `bulk`, in batches; `idle`, one at a time with pauses and the moment it was sent; `rest`, the
same with pauses so long that everything has come to rest. COUNT jobs, or as many as fit into SECONDS. Standard library
only, like `recording`.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Sequence

BATCH = 500
PAUSE_SECONDS = {"idle": (0.03, 0.07), "rest": (0.3, 0.9)}  # uneven, so that no system's own rhythm falls in with it

Payload = dict[str, float]


def produce(one: Callable[[Payload], object], many: Callable[[list[Payload]], object] | None = None) -> None:
    """Do what the command line asks for; `many` None: the system takes jobs one by one only."""
    mode, count, sleep_ms, seconds = sys.argv[-4], int(sys.argv[-3]), float(sys.argv[-2]), float(sys.argv[-1])
    payload: Payload = {"sleep_ms": sleep_ms, "sent_at": 0.0}
    if mode in PAUSE_SECONDS:
        print(json.dumps({"count": _one_by_one_when_idle(one, payload, count, PAUSE_SECONDS[mode]), "seconds": 0}))
        return
    batches = [BATCH] * (count // BATCH) + [count % BATCH] if mode == "bulk" and many else [1] * count
    began = time.perf_counter()
    done = _send([each for each in batches if each], one, many, payload, began + seconds)
    print(json.dumps({"count": done, "seconds": time.perf_counter() - began}))


def _send(
    batches: Sequence[int],
    one: Callable[[Payload], object],
    many: Callable[[list[Payload]], object] | None,
    payload: Payload,
    until: float,
) -> int:
    done = 0
    for size in batches:
        if size > 1 and many:
            many([payload] * size)
        else:
            one(payload)
        done += size
        if time.perf_counter() > until:
            break
    return done


def _one_by_one_when_idle(
    one: Callable[[Payload], object], payload: Payload, count: int, pause: tuple[float, float]
) -> int:
    one(payload)  # opens connections, as a program that runs for a while has done
    for _ in range(count):
        time.sleep(random.uniform(*pause))
        one({**payload, "sent_at": time.time()})
    return count

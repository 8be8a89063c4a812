"""Bare Huey, as its own documentation sets it up: a priority queue in Redis, thread workers, nothing kept.

`produce …` (see producing.py) or `work`.
"""

import os
import sys
import time

from huey import PriorityRedisHuey

from bench.peers import recording
from bench.peers.producing import produce

huey = PriorityRedisHuey("bench", url=os.environ["REDIS_URL"])


@huey.task()
def noop(sleep_ms: float, sent_at: float) -> None:
    """Nothing, or a sleep."""
    recording.started(sent_at)
    if sleep_ms:
        time.sleep(sleep_ms / 1000)


def main() -> None:
    """Do what the command line asks for."""
    if sys.argv[1] == "work":
        huey.create_consumer(workers=int(os.environ["BENCH_CONCURRENCY"]), worker_type="thread").run()
        return
    produce(lambda payload: noop(**payload))


if __name__ == "__main__":
    main()

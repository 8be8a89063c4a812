"""Tunes Python's garbage collector for our long-running processes."""

import gc

# Allocations between two collections of the youngest generation; one request or job soon makes Python's default, 700.
NEW_OBJECTS = 10_000


def leave_alone_what_is_there() -> None:
    """Exclude everything that exists now from later collections. Call it once, when a process has started.

    What a process loads at its start stays until it ends. Each time the collector went through it, all threads would
    stop for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)

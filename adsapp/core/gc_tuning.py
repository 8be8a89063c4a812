"""Python's collector of cycles, told what a process of ours is like."""

import gc

NEW_OBJECTS = 10_000  # between two looks at the youngest; Python's own 700 is soon reached by one request or job


def leave_alone_what_is_there() -> None:
    """Call it once a process has started: what it started with stays for as long as it runs.

    To look through it again and again, as the collector would, stops every thread for tens of milliseconds.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)

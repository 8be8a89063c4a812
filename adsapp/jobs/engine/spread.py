"""How times are spread, in counters: each bucket is a fifth longer than the one before, and holds how many there were.

The median of any number of counters is found by adding them up, to within a tenth; a page reads an hour of them,
whatever has passed through a queue before.
"""

import math
from collections.abc import Mapping

STEPS = 4  # buckets to a doubling
LAST = 140  # a year; longer is counted as that


def bucket_of(milliseconds: int) -> int:
    """The bucket of a time: 0 below a millisecond."""
    return min(LAST, 1 + int(math.log2(milliseconds) * STEPS)) if milliseconds > 0 else 0


def time_of(bucket: int) -> int:
    """The middle of a bucket, in milliseconds."""
    return round(2 ** ((bucket - 0.5) / STEPS)) if bucket > 0 else 0


def percentile(counts: Mapping[int, int], share: float) -> int | None:
    """What this share of all took at most, in milliseconds; None if nothing was counted."""
    wanted = math.ceil(sum(counts.values()) * share)
    reached = 0
    for bucket, count in sorted(counts.items()):
        reached += count
        if reached >= wanted > 0:
            return time_of(bucket)
    return None

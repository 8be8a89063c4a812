"""Counts in sentences."""


def plural(count: int, one: str, many: str = "") -> str:
    """1 job, 12,430 jobs; `many` is what follows any other number than 1, if that is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

"""Counts in sentences."""


def sentence(text: str) -> str:
    """With a full stop, if it has no other mark at its end."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def plural(count: int, one: str, many: str = "") -> str:
    """1 job, 12,430 jobs; `many` is what follows any other number than 1, if that is not `one` with an s."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"

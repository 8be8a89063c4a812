"""Files that arrive: written to disk as they come, counted and hashed, and not kept if they are too large."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOCK = 1 << 20


@dataclass(frozen=True)
class Written:
    """What is on disk now."""

    sha256: str
    size: int


class TooMuch(Exception):
    """More than was allowed; nothing is kept."""


def write(stream: IO[bytes], target: Path, most: int) -> Written:
    """Write all of the stream to the target. TooMuch beyond `most` bytes; whatever is raised, nothing is kept."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    try:
        with target.open("wb") as file:
            while block := stream.read(BLOCK):
                size += len(block)
                if size > most:
                    raise TooMuch
                digest.update(block)
                file.write(block)
    except BaseException:
        target.unlink(missing_ok=True)
        raise
    return Written(digest.hexdigest(), size)

"""A picture, video or document above a message, and what a provider takes of each kind. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileToSend:
    """A file as a provider gets it: read from `path` while it is uploaded."""

    path: Path
    name: str
    content_type: str
    size: int


@dataclass(frozen=True, slots=True)
class MediaRule:
    """Of one kind of header: content types with what people call them, the same for the sample that a template is
    reviewed with, and how many bytes."""

    types: Mapping[str, str]
    sample_types: frozenset[str]
    most_bytes: int

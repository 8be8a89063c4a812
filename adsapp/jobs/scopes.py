"""Which organizations a worker process serves: all, some, all but some, or one shard of them.

A worker that does not serve all has a lane of its own in the broker (docs/adr/0036), which is named after its scope:
whoever has the same scope shares the lane, so an id that lies in it is never taken by somebody who may not run the job.
"""

import hashlib
import json
import re
import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

MOST_SHARDS = 1024
WRITTEN = re.compile(r"^(\d{1,4})/(\d{1,4})$")


@dataclass(frozen=True)
class Shard:
    """Number `number` of `of` parts of all organizations, from 1 on."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """From `2/8`. Raises ValueError with what it should be."""
        written = WRITTEN.match(text.strip())
        number, of = map(int, written.groups()) if written else (0, 0)
        if not 1 <= number <= of <= MOST_SHARDS:
            raise ValueError(f"{text} is no shard; write it as 2/8, from 1/8 to 8/8, of at most {MOST_SHARDS}")
        return cls(number, of)

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"


def shard_of(organization_id: uuid.UUID, of: int) -> int:
    """The shard of an organization, 1 to `of`. By a hash of its id that is the same on every machine and in every
    version: Python's own differs from process to process."""
    return int.from_bytes(hashlib.blake2b(organization_id.bytes, digest_size=8).digest(), "big") % of + 1


@dataclass(frozen=True)
class Scope:
    """The organizations that a worker serves. Empty: all of them."""

    only: frozenset[uuid.UUID] = frozenset()
    but: frozenset[uuid.UUID] = frozenset()
    shard: Shard | None = None

    def serves(self, organization_id: uuid.UUID) -> bool:
        """Whether its jobs may run here."""
        if self.only and organization_id not in self.only:
            return False
        if organization_id in self.but:
            return False
        return self.shard is None or shard_of(organization_id, self.shard.of) == self.shard.number

    @property
    def is_everyone(self) -> bool:
        """True if nobody is left out."""
        return self == EVERYONE

    @cached_property
    def lane(self) -> str:
        """The name of its lane in the broker; empty for the common one."""
        if self.is_everyone:
            return ""
        return hashlib.blake2b(json.dumps(self.as_json()).encode(), digest_size=8).hexdigest()

    def as_json(self) -> dict[str, Any] | None:
        """For the worker's row; None for all."""
        if self.is_everyone:
            return None
        return {
            "only": sorted(map(str, self.only)),
            "except": sorted(map(str, self.but)),
            "shard": str(self.shard) if self.shard else None,
        }

    @classmethod
    def from_json(cls, written: Mapping[str, Any] | None) -> "Scope":
        """What `as_json` wrote."""
        if not written:
            return EVERYONE
        shard = written.get("shard")
        return cls(_ids(written.get("only")), _ids(written.get("except")), Shard.parse(shard) if shard else None)

    def in_words(self, slugs: Mapping[uuid.UUID, str] | None = None) -> str:
        """For those who run the installation: which organizations these are, by their slugs where they are known."""
        parts = []
        if self.only:
            parts.append(f"only {_names(self.only, slugs)}")
        if self.but:
            parts.append(f"all but {_names(self.but, slugs)}")
        if self.shard:
            parts.append(f"shard {self.shard}")
        return ", ".join(parts) or "all"


EVERYONE = Scope()


def _ids(written: Iterable[str] | None) -> frozenset[uuid.UUID]:
    return frozenset(map(uuid.UUID, written or ()))


def _names(ids: Collection[uuid.UUID], slugs: Mapping[uuid.UUID, str] | None) -> str:
    return ", ".join(sorted((slugs or {}).get(each, str(each)) for each in ids))

"""A team's list of suppressed addresses: whoever is on it gets no e-mail. Capitals make no difference."""

from dataclasses import asdict, dataclass
from typing import Any

ORIGINS = ("bounce", "complaint", "manual")


@dataclass(frozen=True, slots=True)
class Suppression:
    """`source_id`: the e-mail that brought it, if one did."""

    id: str
    email: str
    origin: str
    source_id: str | None
    created_at: str

    def as_json(self) -> dict[str, Any]:
        return {"object": "suppression", **asdict(self)}


class Suppressions:
    def __init__(self) -> None:
        self._by_email: dict[str, Suppression] = {}

    def newest_first(self, origin: str | None = None) -> list[Suppression]:
        return [item for item in reversed(self._by_email.values()) if origin in (None, item.origin)]

    def find(self, id_or_email: str) -> Suppression | None:
        known = self._by_email.get(id_or_email.lower())
        return known or next((item for item in self._by_email.values() if item.id == id_or_email), None)

    def add(self, item: Suppression) -> bool:
        """False if the address is on the list already; it then stays as it is."""
        return self._by_email.setdefault(item.email.lower(), item) is item

    def remove(self, id_or_email: str) -> Suppression | None:
        found = self.find(id_or_email)
        return self._by_email.pop(found.email.lower()) if found else None

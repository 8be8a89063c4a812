"""What a list of jobs is narrowed to: read from a URL, written back into one."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adsapp.core.errors import Invalid
from adsapp.jobs.states import Queue, State, get_queue

SEARCH_LENGTH = 200
FILTERS = ("state", "queue", "q", "routine")  # the parameters that `from_query` reads


@dataclass(frozen=True)
class JobFilters:
    """State, queue and words of the title; None and empty let everything through.

    Routine work is left out unless asked for; it is always shown if it failed.
    """

    state: State | None = None
    queue: Queue | None = None
    search: str = ""
    routine: bool = False

    @classmethod
    def from_query(cls, values: Mapping[str, str]) -> "JobFilters":
        """From `?state=failed&queue=bulk-messages&q=march`; raises Invalid that lists what there is."""
        state, queue = values.get("state", ""), values.get("queue", "")
        return cls(
            state=_state(state) if state else None,
            queue=get_queue(queue) if queue else None,
            search=values.get("q", "").strip()[:SEARCH_LENGTH],
            routine=values.get("routine", "").lower() in ("1", "true", "yes"),
        )

    def as_query(self, **changes: Any) -> dict[str, Any]:
        """The URL's parameters again, with some changed; empty ones are left out."""
        values = {
            "state": self.state.value if self.state else "",
            "queue": self.queue.value if self.queue else "",
            "q": self.search,
            "routine": "1" if self.routine else "",
        } | changes
        return {name: str(value) for name, value in values.items() if value}

    @property
    def has_index(self) -> bool:
        """True if one index finds the rows wanted and no others."""
        if self.routine:  # these lists are rare, so no index is kept for them but that of all jobs
            return not (self.search or self.state or self.queue)
        return not self.search and not (self.state and self.queue)

    @property
    def indexed(self) -> "JobFilters":
        """What one index can narrow: the state if there is one, else the queue."""
        if self.routine:
            return JobFilters(routine=True)
        return JobFilters(state=self.state) if self.state else JobFilters(queue=self.queue)


def _state(name: str) -> State:
    try:
        return State(name)
    except ValueError:
        known = ", ".join(state.value for state in State)
        raise Invalid.field("state", f"There is no state {name}; there are {known}") from None

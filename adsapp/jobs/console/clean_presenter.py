"""The page that counts finished jobs before they are removed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from adsapp.core.inputs import whole_number
from adsapp.core.web.confirmation import Shown
from adsapp.core.web.pages import WebPage
from adsapp.jobs.bulk import operations
from adsapp.jobs.bulk import run as bulk_run
from adsapp.jobs.bulk.target import MatchCount
from adsapp.jobs.console.forms import OLDEST_DAYS
from adsapp.jobs.console.list_presenter import queue_options
from adsapp.jobs.queries.filters import JobFilters
from adsapp.jobs.states import FINAL, State

CLEAN_DAYS = 30  # what the form proposes


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanPage(WebPage):
    """Which finished jobs would go, as typed; and once they are counted, how many, and what stays all the same."""

    template: ClassVar[str] = "jobs/clean.html"

    state: str
    queue: str
    older_than_days: str
    filters: JobFilters
    matching: MatchCount | None = None
    stays: str = ""
    shown: Shown | None = None
    errors: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def typed(cls, values: Mapping[str, str]) -> "CleanPage":
        """As the form was sent."""
        state, queue = _final(values.get("state", "")), values.get("queue", "")
        return cls(
            state=state,
            queue=queue,
            older_than_days=values.get("older_than_days", str(CLEAN_DAYS)),
            filters=JobFilters.from_query({"state": state, "queue": queue, "routine": values.get("routine", "")}),
        )

    def counted(self) -> "CleanPage":
        """The page with its count; Invalid if the age is no number of days."""
        matching = operations.preview("clean", filters=self.filters, older_than_days=self.days)
        stays = bulk_run.kept_summary(self.filters, self.days)
        return replace(self, matching=matching, stays=stays, shown=Shown.now(matching))

    @property
    def days(self) -> int:
        """How long ago they ended at least; Invalid if that is no number."""
        days = whole_number("older_than_days", self.older_than_days, 0, OLDEST_DAYS)
        return CLEAN_DAYS if days is None else days

    @property
    def values(self) -> Mapping[str, str]:
        """The form's fields, to be sent along, with what was counted and when."""
        routine = "1" if self.filters.routine else ""
        return {
            **dict(self.shown.fields if self.shown else ()),
            "state": self.state,
            "queue": self.queue,
            "older_than_days": self.older_than_days,
            "routine": routine,
        }

    @property
    def states(self) -> Sequence[tuple[str, str]]:
        """The ends to choose from."""
        return [(state.value, state.value) for state in (State.COMPLETED, State.FAILED, State.CANCELLED)]

    @property
    def queue_options(self) -> Sequence[tuple[str, str]]:
        """The queues to choose from."""
        return queue_options()


def _final(name: str) -> str:
    return name if name in [state.value for state in FINAL] else State.COMPLETED.value

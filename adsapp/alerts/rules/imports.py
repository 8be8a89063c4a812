"""Rules about imports."""

from collections.abc import Iterator
from datetime import datetime
from typing import Final

from adsapp.alerts import facts
from adsapp.alerts.concerns import Concern
from adsapp.alerts.rules.base import Conditions, Course, Facts, Finding, Measure, Rule, Was
from adsapp.core.words import DAY_MINUTES

LEAST_ROWS: Final = 10  # of a file whose share says anything


def _share(read: facts.Read) -> float:
    return 100 * read.rejected / read.rows_read if read.rows_read >= LEAST_ROWS else 0.0


def _rejected(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    for read in facts.imports_ended(now.now - conditions.window):
        if not read.rejected or _share(read) < conditions.threshold:
            continue
        text = (
            f"{read.rejected:,} of {read.rows_read:,} rows. The import lists each with its reason; mend the file of "
            "rejected rows and upload that."
        )
        title = f"{_share(read):.0f} % of “{read.file_name}” was rejected"
        concern = Concern(
            "warning", "file-import", title, text, read.finished_at,
            action="Open the import", url=f"/imports/{read.id}",
        )  # fmt: skip
        yield Finding(str(read.id), concern, read.rejected)


def _past_rejected(since: datetime, until: datetime, conditions: Conditions) -> Course:
    return {
        str(read.id): [(read.finished_at, _share(read)), (read.finished_at + conditions.window, 0.0)]
        for read in facts.imports_ended(since)
    }


REJECTED = Rule(
    kind="import_rejected",
    title="An import rejected too much",
    text=f"The share of rows that were rejected, in a file of at least {LEAST_ROWS} rows.",
    icon="file-import",
    look=_rejected,
    together="{} imports rejected too much",
    all_url="/imports",
    all_action="See the imports",
    usual=Conditions(threshold=30, clears_at=30, window_minutes=DAY_MINUTES),
    measure=Measure("Rejected share", "%", 1, 100, "Over when at most"),
    has_window=True,
    past=_past_rejected,
    past_note=f"Of the newest {facts.LOOK_BACK} imports.",
)
RULES = (REJECTED,)

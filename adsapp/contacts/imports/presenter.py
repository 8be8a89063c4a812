"""How an import stands, in figures and words for its page."""

from dataclasses import dataclass
from datetime import datetime

from adsapp.contacts.models import Import, ImportStatus
from adsapp.contacts.schemas import OnDuplicate
from adsapp.contacts.values.reasons import MESSAGES
from adsapp.core.clock import utcnow
from adsapp.jobs.wait_reasons import why_waiting

POLICIES = {
    OnDuplicate.UPDATE.value: "updated, blanks keep what is there",
    OnDuplicate.FILL_EMPTY.value: "only gaps are filled",
    OnDuplicate.SKIP.value: "left as they are",
}
RUNNING = (ImportStatus.QUEUED, ImportStatus.IMPORTING)


@dataclass(frozen=True)
class Outcome:
    """One of the five things that become of a row."""

    kind: str
    label: str
    value: int
    note: str


@dataclass(frozen=True)
class Standing:
    """All that the page says besides the file's own facts."""

    status: ImportStatus
    outcomes: list[Outcome]
    sum_text: str
    total: int | None
    rate: float | None  # rows a second, since the start
    seconds_left: float | None
    seconds_taken: float | None
    why_waiting: str
    is_stopping: bool

    @property
    def is_running(self) -> bool:
        """True while it may still change by itself."""
        return self.status in RUNNING


def standing_of(batch: Import) -> Standing:
    """How it stands now."""
    total = batch.job.progress_total if batch.job else None
    elapsed = _seconds(batch.started_at, batch.finished_at or utcnow())
    rate = batch.rows_read / elapsed if elapsed and batch.rows_read else None
    outcomes = _outcomes(batch)
    reason = why_waiting(batch.job) if batch.job else None
    return Standing(
        status=batch.standing,
        outcomes=outcomes,
        sum_text=" + ".join(f"{each.value:,}" for each in outcomes) + f" = {batch.rows_read:,} rows read",
        total=total,
        rate=rate,
        seconds_left=(total - batch.rows_read) / rate if rate and total else None,
        seconds_taken=_seconds(batch.started_at, batch.finished_at) if batch.finished_at else None,
        why_waiting=str(reason) if reason else "",
        is_stopping=bool(batch.job and batch.job.is_stopping),
    )


def _seconds(begin: datetime | None, end: datetime) -> float:
    return max((end - begin).total_seconds(), 0.001) if begin else 0.0


def _outcomes(batch: Import) -> list[Outcome]:
    skips = batch.options.get("on_duplicate") == OnDuplicate.SKIP.value
    share = f"{100 * batch.rejected / batch.rows_read:.1f} %" if batch.rows_read else "of the rows"
    return [
        Outcome("created", "Created", batch.created, "new people"),
        Outcome("updated", "Updated", batch.updated, "changed"),
        Outcome("unchanged", "Unchanged", batch.unchanged, "already so"),
        Outcome("duplicate", "Duplicate", batch.duplicate, "known or repeated" if skips else "repeated in the file"),
        Outcome("rejected", "Rejected", batch.rejected, share),
    ]


def reasons(by_code: dict[str, int]) -> list[tuple[str, str, int]]:
    """Why, what to do, how many rows; the commonest first."""
    found = sorted(by_code.items(), key=lambda item: -item[1])
    return [(*MESSAGES[code], count) if code in MESSAGES else (code, "", count) for code, count in found]


def headline(batch: Import) -> str:
    """What came of it, in one sentence."""
    brought = batch.created + batch.updated
    if not brought and batch.unchanged + batch.duplicate:
        return "Everybody in it was known already"
    if not brought:
        return "No row could be taken"
    parts = [f"{batch.created:,} new {'contact' if batch.created == 1 else 'contacts'}"] if batch.created else []
    parts += [f"{batch.updated:,} updated"] if batch.updated else []
    return " and ".join(parts)

"""Imports what is new at an address or in a folder, as a schedule asks."""

from dataclasses import asdict, dataclass, field
from typing import Any

from adsapp.jobs import Progress, Queue, lazy, processor
from adsapp.jobs.registry import Recurring
from adsapp.organizations.policy import Permission
from adsapp.schedules.subject import SCHEDULE


@dataclass(frozen=True)
class StartImportParams:
    """Where files come from, an address or a folder, and how each is imported."""

    url: str = ""
    folder: str = ""
    like: str = ""
    header: list[str] = field(default_factory=list)
    mapping: dict[str, str | None] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    reading: dict[str, Any] = field(default_factory=dict)


@processor(
    "start-import",
    queue=Queue.CONTACT_IMPORT,
    subject=SCHEDULE,
    needs=Permission.MANAGE,
    recurs=Recurring(
        what="An import",
        check=lazy("adsapp.contacts.imports.watched.params:check"),
        words=lazy("adsapp.contacts.imports.watched.params:words"),
        choices=lazy("adsapp.contacts.imports.watched.params:choices"),
        define=lazy("adsapp.contacts.imports.watched.params:define"),
        asks=lazy("adsapp.contacts.imports.watched.params:asks"),
        fill=lazy("adsapp.contacts.imports.watched.params:fill"),
        shown=lazy("adsapp.contacts.imports.watched.params:shown"),
        chooses="The import whose columns and options are used again",
        nothing_yet="There is no import yet. Import the first file by hand; a schedule then imports the next ones.",
    ),
)
def start_import(params: StartImportParams, progress: Progress) -> dict[str, Any]:
    """Look for a file to import"""
    from adsapp.contacts.imports.watched import taking
    from adsapp.contacts.imports.watched.params import watched_of
    from adsapp.schedules import starting
    from adsapp.schedules.starting import Made

    if (before := starting.made_before(progress)) is not None:
        return before
    with taking.look(watched_of(asdict(params)), progress) as found:

        def make(by: Any, _label: str) -> Made:
            taken = taking.start(found, by)
            return Made(taken.subject, taken.job_id, taken.said)

        return starting.start(progress, make)

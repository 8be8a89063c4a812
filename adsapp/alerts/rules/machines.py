"""Rules about the machines that all of it runs on."""

import shutil
from collections.abc import Iterator

from adsapp.alerts.concerns import Concern
from adsapp.alerts.models import Severity
from adsapp.alerts.rules.base import Conditions, Facts, Finding, Measure, Rule, Was

GIGABYTE = 1 << 30


def _disk(now: Facts, conditions: Conditions, was: Was) -> Iterator[Finding]:
    usage = shutil.disk_usage(now.home)
    free = 100 * usage.free / usage.total
    if not conditions.is_over(free, was="disk" in was, less_is_worse=True):
        return
    text = (
        f"{usage.free / GIGABYTE:.1f} of {usage.total / GIGABYTE:.1f} GB are free where ADSAPP_HOME is. Without room "
        "uploads are refused and jobs wait; make some, or move it to a larger disk."
    )
    title = f"The disk is nearly full: {free:.0f} % free"
    yield Finding("disk", Concern("bad", "database", title, text, action="See the jobs", url="/jobs"))


DISK = Rule(
    kind="disk",
    title="The disk is nearly full",
    text="The room that is left where uploads and, with SQLite, the database are.",
    icon="database",
    look=_disk,
    together="{} disks are nearly full",
    all_url="/jobs",
    all_action="See the jobs",
    usual=Conditions(threshold=10, clears_at=15, cool_down_minutes=6 * 60, severity=Severity.CRITICAL),
    measure=Measure("Free room", "%", 1, 90, "Over when at least", less_is_worse=True),
)
RULES = (DISK,)

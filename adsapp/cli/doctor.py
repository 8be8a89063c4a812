"""`adsapp doctor`: what is wrong with this installation, and the cure of each thing, as `processes.doctor` finds it."""

import sys
from collections.abc import Sequence
from dataclasses import asdict

import click

from adsapp.cli.output import json_option, show
from adsapp.processes.doctor import Finding, Grade, examine

MARKS = {Grade.OK: "ok", Grade.WARNING: "WARNING", Grade.WRONG: "WRONG"}


@click.command()
@click.option("--offline", is_flag=True, help="Ask nobody outside: no provider, and not PUBLIC_URL.")
@json_option
def doctor(offline: bool, as_json: bool) -> None:
    """What is wrong here, and what to do about it.

    It looks at settings, keys, schema, logins, broker, clocks, disk, workers, webhooks, providers and time zones, and
    changes nothing. It ends with 1 if something does not work, with 0 if there is nothing but warnings.
    """
    import huey_tasks  # noqa: F401  # registers the processors
    from adsapp import create_core, load_tables
    from adsapp.config import Settings

    load_tables()
    found = examine(create_core(Settings.load()), offline=offline)
    wrong = any(each.grade is Grade.WRONG for each in found)
    show({"well": not wrong, "findings": [asdict(each) for each in found]}, _text(found), as_json)
    if wrong:
        sys.exit(1)


def _text(found: Sequence[Finding]) -> str:
    worst_first = sorted(found, key=lambda each: list(MARKS)[::-1].index(each.grade))
    return "\n".join(line for each in worst_first for line in _lines(each))


def _lines(found: Finding) -> list[str]:
    first = f"{MARKS[found.grade]:8} {found.part}: {found.says}"
    return [first, f"{'':8} → {found.cure}"] if found.cure else [first]

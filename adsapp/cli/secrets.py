"""`adsapp secrets …`: a fresh encryption key, and everything that is encrypted brought under it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import click
from cryptography.fernet import Fernet
from flask import Flask

from adsapp import load_tables
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.config import Settings
from adsapp.core import key_rotation
from adsapp.core.key_rotation import Count, Keys, Rotation
from adsapp.organizations import queries

NAMED = 20  # unreadable values that are named for people; --json names all
TELL_EVERY = 10_000  # values


def _next() -> str:
    return f"Restart web and workers, which read the keys at their start, then run `{typed('secrets rotate')}`."


def _put_first() -> str:
    return f"""\
Put it first, before the keys that are there now: ENCRYPTION_KEYS=<this key>,<the keys of now>
{_next()}
Where processes are restarted one after another, put it last and restart all; then put it first and restart all:
a process that lacks the key cannot read what another one wrote with it."""


@click.group()
def secrets() -> None:
    """Encryption keys of what is secret in the database."""


@secrets.command("new-key")
@click.option("--keep", is_flag=True, help="Put it first in ADSAPP_HOME/secrets.json (where ENCRYPTION_KEYS is empty).")
@json_option
def new_key(keep: bool, as_json: bool) -> None:
    """Make an encryption key.

    It is printed, or kept where the generated ones are.
    """
    key = Fernet.generate_key().decode()
    if keep:
        _keep(key, as_json)
        return
    show({"key": key}, key, as_json)
    click.echo(_put_first(), err=True)


def _keep(key: str, as_json: bool) -> None:
    settings = Settings.load()
    if settings.encryption_keys:
        raise CommandFailed(
            f"the keys are those of ENCRYPTION_KEYS: run `{typed('secrets new-key')}` and put the key first there", 2
        )
    path = settings.home / "secrets.json"
    try:
        _ = settings.secrets  # makes the file if there is none yet
        count = key_rotation.keep_first(settings.home, key)
    except OSError as error:
        raise CommandFailed(f"{path} cannot be written: {error.strerror}") from None
    text = f"A new key stands first in {path}, before {count - 1} older. {_next()}"
    show({"file": str(path), "keys": count}, text, as_json)


@dataclass(frozen=True)
class Report:
    """How the rotation of all tables went."""

    tables: list[Count]
    is_dry: bool

    def total(self, name: str) -> int:
        """The sum of one figure."""
        return sum(_figures(count)[name] for count in self.tables)

    @property
    def is_clean(self) -> bool:
        """Nothing is left under an old key."""
        left = self.total("under_old_keys") if self.is_dry else self.total("changing")
        return not left and not self.total("unreadable")


@secrets.command()
@click.option("--dry-run", is_flag=True, help="Only count what would be rewritten.")
@json_option
def rotate(dry_run: bool, as_json: bool) -> None:
    """Bring all that is encrypted under the first key.

    Web and workers may run meanwhile.

    Values that no key opens are named and left as they are; the command then ends with an error. It can be stopped and
    run again at any time: what is under the first key already is not touched.
    """
    load_tables()
    app = open_app()
    settings: Settings = app.config["SETTINGS"]
    report = _rotate(app, settings, dry_run, as_json)
    show(_facts(report), _verdict(report, settings), as_json)
    if report.total("unreadable"):
        raise CommandFailed(_unreadable(report, settings))
    if report.total("changing"):
        raise CommandFailed(
            f"values that changed while they were rewritten: {report.total('changing')}; run this again"
        )


def _rotate(app: Flask, settings: Settings, dry_run: bool, as_json: bool) -> Report:
    rotation = Rotation(app, Keys(settings.secrets.encryption_keys), write=not dry_run, on_batch=_Teller())
    organizations = _organizations(app)
    counts = []
    for table in key_rotation.sealed_tables():
        counts.append(rotation.run(table, organizations))
        if not as_json:
            click.echo(_line(counts[-1], dry_run))
    return Report(counts, dry_run)


def _organizations(app: Flask) -> Sequence[Any]:
    with app.app_context():
        return [organization_id for organization_id, _ in queries.list_organizations()]


class _Teller:
    """Says on standard error how far a long table is."""

    def __init__(self) -> None:
        self._next: dict[str, int] = {}

    def __call__(self, count: Count) -> None:
        if count.values < self._next.setdefault(count.table, TELL_EVERY):
            return
        self._next[count.table] = count.values + TELL_EVERY
        click.echo(f"{count.table}: {count.values:,} values looked at", err=True)


def _line(count: Count, is_dry: bool) -> str:
    done = f"{count.under_old_keys:,} to rewrite" if is_dry else f"{count.rewritten:,} rewritten"
    return (
        f"{count.table}: {count.values:,} values, {done}, {count.current:,} under the first key already, "
        f"{len(count.unreadable):,} unreadable"
    )


def _figures(count: Count) -> dict[str, int]:
    return {
        "values": count.values,
        "current": count.current,
        "under_old_keys": count.under_old_keys,
        "rewritten": count.rewritten,
        "changing": count.changing,
        "unreadable": len(count.unreadable),
    }


def _facts(report: Report) -> dict[str, Any]:
    return {
        "dry_run": report.is_dry,
        "clean": report.is_clean,
        "tables": {count.table: _figures(count) for count in report.tables},
        "unreadable": [asdict(place) for count in report.tables for place in count.unreadable],
    }


def _verdict(report: Report, settings: Settings) -> str:
    if report.is_dry:
        return "Nothing was changed."
    if not report.is_clean:
        return "Keep the old keys."
    return (
        f"Every value is under the first key. The old keys may be removed from {_where(settings)} if every web and "
        "worker process was started with the new key before this run; otherwise restart them and run this again."
    )


def _unreadable(report: Report, settings: Settings) -> str:
    places = [f"  {place.table}.{place.column} {place.id}" for count in report.tables for place in count.unreadable]
    more = [f"  and {len(places) - NAMED:,} more (--json names all)"] if len(places) > NAMED else []
    return "\n".join(
        [
            f"values that no key opens: {len(places):,}; they were left as they are:",
            *places[:NAMED],
            *more,
            f"Add the key they were written with at the end of {_where(settings)} and run this again. If it is lost, "
            "enter the secrets of those WhatsApp numbers again (Settings → WhatsApp) and start those jobs anew.",
        ]
    )


def _where(settings: Settings) -> str:
    return "ENCRYPTION_KEYS" if settings.encryption_keys else f"encryption_keys in {settings.home / 'secrets.json'}"

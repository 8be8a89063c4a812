"""`adsapp backup`, `adsapp restore`, `adsapp resume-sends`."""

from pathlib import Path

import click
from flask import Flask

from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import check_redis, open_app
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.words import plural
from adsapp.organizations import queries as organizations
from adsapp.processes import backup as backups
from adsapp.processes import restored
from adsapp.processes.backup import BackupFailed

folder_argument = click.argument("folder", type=click.Path(path_type=Path, file_okay=False))


@click.command()
@folder_argument
@click.option("--with-keys", "keys", type=click.Path(path_type=Path), help="Write the keys into this file, too.")
@json_option
def backup(folder: Path, keys: Path | None, as_json: bool) -> None:
    """Save this installation while it runs.

    FOLDER, which is new or empty, gets the database, the uploads and a manifest. The keys that open its secrets are
    not among them: keep them apart, as --with-keys writes them.
    """
    app = open_app()
    try:
        if keys is not None:
            backups.keys_of(app.config["SETTINGS"], keys, folder)
        made = backups.make(app, folder)
    except BackupFailed as error:
        raise CommandFailed(str(error)) from None
    text = f"Saved {plural(len(made.files), 'file')} of schema {made.schema} into {folder}."
    text += f" The keys are in {keys}." if keys else " Its secrets need the keys of this installation."
    show(
        {"folder": str(folder), "schema": made.schema, "files": len(made.files), "made_at": made.made_at}, text, as_json
    )


@click.command()
@folder_argument
@click.option("--keys", type=click.Path(path_type=Path, exists=True), help="The file that --with-keys wrote.")
@json_option
def restore(folder: Path, keys: Path | None, as_json: bool) -> None:
    """Make an empty installation what a backup says.

    It refuses a database that is not empty, the schema of another version, and files that are not what was saved.
    Nothing goes out by itself afterwards: the queues that send are paused until a person resumes them.
    """
    settings = Settings.load()
    try:
        if keys is not None:
            backups.read(folder)
            backups.take_keys(settings, keys)
        made = backups.restore(_empty_app(settings), folder)
    except BackupFailed as error:
        raise CommandFailed(str(error)) from None
    text = (
        f"Restored what was saved at {made.made_at}. What sends is paused in every organization: look at what was sent "
        f"since, then resume the queues on their pages or with `{typed('resume-sends')}`."
    )
    show({"made_at": made.made_at, "schema": made.schema, "held": True}, text, as_json)


@click.command("resume-sends")
@click.option("--organization", "slug", default="", help="Of this one only; else of all.")
@click.option("--yes", "is_sure", is_flag=True, help="Do it; without this it only says what would go out.")
@json_option
def resume_sends(slug: str, is_sure: bool, as_json: bool) -> None:
    """Let go on what a restore has paused.

    Without --yes it says what would begin and how many people would get something.
    """
    app = open_app()
    rows = [row for each in _organizations(app, slug) for row in _of_organization(app, each, is_sure)]
    show({"done": is_sure, "held": rows}, _what(rows, is_sure), as_json)


def _empty_app(settings: Settings) -> Flask:
    import huey_tasks  # noqa: F401  # registers the processors
    from adsapp import create_core

    check_redis(settings)
    return create_core(settings)


def _organizations(app: Flask, slug: str) -> list[str]:
    with app.app_context():
        return [find_organization(slug).slug] if slug else [each for _, each in organizations.list_organizations()]


def _of_organization(app: Flask, slug: str, is_sure: bool) -> list[dict[str, object]]:
    with app.app_context():
        db.bind_organization(find_organization(slug).id)
        held = restored.held()
        if is_sure:
            restored.let_go_on(BY)
            db.session.commit()
    return [
        {
            "organization": slug,
            "queue": each.queue.value,
            "kind": each.processor or None,
            "jobs": each.jobs,
            "people": each.people,
        }
        for each in held
    ]


def _what(rows: list[dict[str, object]], is_sure: bool) -> str:
    if not rows:
        return "Nothing is held by a restore."
    lines = [
        f"{row['organization']}: {row['kind'] or row['queue']}, {row['jobs']} jobs to {row['people']} people"
        for row in rows
    ]
    end = "They go on." if is_sure else f"To let them go on: {typed('resume-sends --yes')}"
    return "\n".join([*lines, end])

"""What commands share: failing in one clear line, printing JSON, the application of a command."""

import json
from typing import Any

import click
from flask import Flask

from adsapp.core.errors import Problem


def line_of(error: Problem) -> str:
    """An expected error for a terminal: what stands beside a field on a page begins with "should", so it is named."""
    field = error.fields[0] if error.fields else None
    return f"{field.field} {error.detail}" if field and error.detail.startswith("should ") else error.detail


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def show(data: dict[str, Any], text: str, as_json: bool) -> None:
    """Print for a program or for a person."""
    click.echo(json.dumps(data, indent=2, default=str) if as_json else text)


def typed(words: str) -> str:
    """What a person types here to run this command of ours: `./run db upgrade`, or `adsapp db upgrade`."""
    from adsapp.config import Settings

    return f"{Settings.load().command} {words}"


def open_app(*, check_schema: bool = True, pages: bool = True) -> Flask:
    """The application with all processors; raises Told where the database is not ready for it.

    Without `pages` it takes less memory and serves nobody: for workers.
    """
    import huey_tasks  # noqa: F401  # registers the processors
    from adsapp import create_app, create_core
    from adsapp.cli.readiness import check_database
    from adsapp.config import Settings

    app = create_app() if pages else create_core(Settings.load())
    check_database(app, schema=check_schema)
    return app

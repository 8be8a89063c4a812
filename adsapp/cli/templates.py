"""`adsapp templates render`: a template tried on people or rows from the command line, by the same job as elsewhere."""

import json
from pathlib import Path
from typing import Any

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization, organization_option
from adsapp.cli.errors import CommandFailed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.core import db
from adsapp.renderings import service
from adsapp.renderings.asked import RenderingIn


@click.group()
def templates() -> None:
    """Message templates."""


@templates.command()
@click.argument("name")
@click.argument("language")
@organization_option
@click.option("--variables", default="{}", help='Where the values come from, as JSON: {"1": {"field": "first_name"}}.')
@click.option("--all", "everybody", is_flag=True, help="Everybody in the organization.")
@click.option("--tag", "tags", multiple=True, help="People with this tag; may be given several times.")
@click.option("--import", "import_id", help="The people of this import.")
@click.option(
    "--rows",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A JSON file with a list of rows: the fields of a contact, and attributes.",
)
@json_option
def render(
    name: str,
    language: str,
    slug: str,
    variables: str,
    everybody: bool,
    tags: tuple[str, ...],
    import_id: str | None,
    rows: Path | None,
    as_json: bool,
) -> None:
    """Try the template NAME in LANGUAGE on many people.

    Nothing is sent.
    """
    audience = {"all": everybody, "tags": list(tags), "import_id": import_id}
    chosen = {kind: value for kind, value in audience.items() if value}
    given = _json(rows.read_text(encoding="utf-8"), str(rows)) if rows else None
    asked = RenderingIn(name, language, _json(variables, "--variables"), chosen or None, given)
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        rendering = service.create_rendering(asked, BY)
        told = {"rendering": rendering.id, "job": rendering.job_id, "people": rendering.total}
        db.session.commit()
    show(told, f"The trial {told['rendering']} of {told['people']} is queued as job {told['job']}.", as_json)


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise CommandFailed(f"{what} is no JSON: {error}") from error

"""`adsapp import FILE`: a contact file from the command line, by the same job as in the console."""

from pathlib import Path

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization, organization_option
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.contacts.imports import service as import_service
from adsapp.contacts.imports.reading.files import Reading
from adsapp.contacts.imports.schemas import ImportOptions
from adsapp.contacts.schemas import OnDuplicate
from adsapp.core import db


@click.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@organization_option
@click.option(
    "--country", default="", help="Country of numbers without a prefix, two letters; else the organization's."
)
@click.option("--tag", "tags", multiple=True, help="Put this tag on everyone; may be given several times.")
@click.option(
    "--on-duplicate",
    type=click.Choice([choice.value for choice in OnDuplicate]),
    default=OnDuplicate.UPDATE.value,
    show_default=True,
    help="What to do with people who are contacts already.",
)
@click.option("--sheet", help="Of a workbook: the sheet's name, or its number from 1; else the first that is filled.")
@json_option
def import_file(
    file: Path, slug: str, country: str, tags: tuple[str, ...], on_duplicate: str, sheet: str | None, as_json: bool
) -> None:
    """Import contacts from FILE: CSV, Excel or ODS."""
    with open_app().app_context():
        organization = find_organization(slug)
        country = country or organization.default_country
        db.bind_organization(organization.id)
        options = ImportOptions(default_country=country, tags=list(tags), on_duplicate=OnDuplicate(on_duplicate))
        with file.open("rb") as stream:
            batch = import_service.receive(stream, file.name, by=BY, reading=Reading(sheet=sheet))
        job = import_service.start_import(batch, import_service.proposed(batch), options, by=BY)
        unused = [each.message for each in import_service.unused_columns(batch)]
        told = {"import": batch.id, "job": job.id, "warnings": unused}
        db.session.commit()
    queued = f"The import {told['import']} is queued as job {told['job']}."
    show(told, "\n".join([queued, *(f"Look at this: {message}" for message in unused)]), as_json)

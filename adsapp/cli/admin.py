"""`adsapp db`, `org`: what an installation is set up with."""

import click

from adsapp.cli.actor import BY
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.cli.tables import table
from adsapp.core import db as database
from adsapp.core.db import logins, migrations
from adsapp.core.db.ddl import InUse, MissingRole
from adsapp.integrations import queries as accounts
from adsapp.jobs import Queue
from adsapp.jobs import service as job_service
from adsapp.jobs.queries.limits import get_limit
from adsapp.organizations import queries, service
from adsapp.organizations.models import Organization, Role

SLUGS_NAMED = 5  # if the one that was named does not exist


role_option = click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.ADMIN.value, show_default=True
)
organization_option = click.option("--organization", "slug", required=True, help="The organization's slug.")


@click.group()
def db() -> None:
    """The database's schema."""


@db.command()
@json_option
def upgrade(as_json: bool) -> None:
    """Bring the schema to what this version needs."""
    app = open_app(check_schema=False)
    try:
        migrations.upgrade(app)
    except (InUse, MissingRole) as error:
        raise CommandFailed(str(error)) from None
    needed = migrations.needed(app)
    show({"schema": needed}, f"The database has schema {needed}.", as_json)


@db.command()
@json_option
def check(as_json: bool) -> None:
    """Tell whether the login of DATABASE_URL may do more than it needs.

    It ends with 0 either way: one login for everything is how a small installation begins.
    """
    app = open_app()
    with app.app_context(), database.db.engine.connect() as connection:
        found = logins.excesses(connection)
    advice = "Give it less: docs/operations.md, Logins of PostgreSQL."
    text = f"The login of DATABASE_URL {', '.join(found)}. {advice}" if found else "No login may do more than it needs."
    show({"excesses": found}, text, as_json)


@click.group()
def org() -> None:
    """Organizations."""


@org.command("create")
@click.argument("slug")
@click.option("--name", help="Its name for people; default: the slug.")
@click.option("--country", help="Country of numbers without a prefix, two letters.")
@json_option
def create_org(slug: str, name: str | None, country: str | None, as_json: bool) -> None:
    """Make an organization."""
    with open_app().app_context():
        made = service.create_organization(slug, name or slug, country)
        database.session.commit()
        show({"id": made.id, "slug": made.slug}, f"Organization {made.slug} is made.", as_json)


@org.command("list")
@json_option
def list_orgs(as_json: bool) -> None:
    """All organizations: slug, name, members, numbers.

    Numbers are the WhatsApp numbers that are connected.
    """
    app = open_app()
    with app.app_context():
        found = queries.list_organizations()
    rows = []
    for organization_id, slug in found:
        with database.organization_context(app, organization_id), database.reading():
            own, members = queries.get_organization()
            rows.append({"slug": slug, "name": own.name, "members": members, "numbers": len(accounts.list_accounts())})
    lines = [tuple(row.values()) for row in rows]
    text = (
        table(("slug", "name", "members", "numbers"), lines)
        if rows
        else f"There is none. Make one with: {typed('org create SLUG')}"
    )
    show({"organizations": rows}, text, as_json)


@org.command("contact-gap")
@click.argument("slug")
@click.option("--hours", type=click.IntRange(0, 720), required=True, help="0: nothing is said.")
@json_option
def set_contact_gap(slug: str, hours: int, as_json: bool) -> None:
    """For how long it is said who got a campaign.

    Whoever starts another one in this time reads how many of its people got one.
    """
    with open_app().app_context():
        organization = find_organization(slug)
        database.bind_organization(organization.id)
        service.set_contact_gap(organization, hours, BY)
        database.session.commit()
        show({"slug": slug, "contact_gap_hours": hours}, f"{slug} is told for {hours} hours.", as_json)


@org.command("caps")
@click.argument("slug", required=False)
@click.option("--messages-per-second", type=click.FloatRange(0), help="All its WhatsApp numbers together; 0 lifts it.")
@click.option("--emails-per-second", type=click.FloatRange(0), help="All its e-mail accounts together; 0 lifts it.")
@click.option("--jobs-at-once", type=click.IntRange(0), help="In each queue; 0 lifts it.")
@json_option
def set_caps(slug: str | None, as_json: bool, **asked: float | None) -> None:
    """Show or change what an organization may use at most.

    It comes on top of what the organization allows itself; its people see it and cannot change it. What is not named
    stays as it is.
    """
    with open_app().app_context():
        if slug is None:
            raise CommandFailed(f"name an organization{_known()}", exit_code=2)
        organization = find_organization(slug)
        database.bind_organization(organization.id)
        now = _caps_of(organization)
        wanted = now | {name: value or None for name, value in asked.items() if value is not None}
        if wanted != now:
            messages, emails = wanted["messages_per_second"], wanted["emails_per_second"]
            service.set_caps(organization, BY, messages=messages, emails=emails)
            at_once = wanted["jobs_at_once"]
            job_service.cap_jobs(None if at_once is None else int(at_once), BY)
            database.session.commit()
    parts = [f"{value:g} {name.replace('_', ' ')}" for name, value in wanted.items() if value is not None]
    show({"slug": slug, "caps": wanted}, f"{slug}: {', '.join(parts) or 'no caps'}", as_json)


def _caps_of(organization: Organization) -> dict[str, float | None]:
    limit = get_limit(Queue.BULK_MESSAGES)
    return {
        "messages_per_second": organization.most_messages_per_second,
        "emails_per_second": organization.most_emails_per_second,
        "jobs_at_once": limit.most_at_once if limit else None,
    }


def find_organization(slug: str) -> Organization:
    """The organization, or a line that names those there are and says how to make it."""
    found = queries.find_organization(slug)
    if found is None:
        make = typed(f"org create {slug}")
        raise CommandFailed(f"there is no organization {slug}{_known()} Make it with `{make}`")
    return found


def _known() -> str:
    slugs = [slug for _, slug in queries.list_organizations(SLUGS_NAMED + 1)]
    if not slugs:
        return "."
    more = f", … (all: `{typed('org list')}`)" if len(slugs) > SLUGS_NAMED else ""
    return f"; there {'is' if len(slugs) == 1 else 'are'} {', '.join(slugs[:SLUGS_NAMED])}{more}."

"""`adsapp user`, `session`: who belongs to an organization, and where they are signed in."""

import getpass
from collections import Counter
from typing import Any

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization, organization_option, role_option
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.cli.tables import first_line, minute, table
from adsapp.core import db
from adsapp.core.ids import parse_id
from adsapp.organizations import queries, service, sessions
from adsapp.organizations.models import Membership, Role

BROWSER_WIDTH = 60


@click.group()
def user() -> None:
    """People who sign in."""


@user.command("list")
@organization_option
@json_option
def list_users(slug: str, as_json: bool) -> None:
    """The members: address, name, role, sessions."""
    with inside(slug), db.reading():
        organization_id = db.require_organization_id()
        open_sessions = Counter(person.id for _, person in sessions.list_sessions(organization_id))
        rows: list[dict[str, Any]] = [
            {
                "email": each.user.email,
                "name": each.user.name,
                "role": each.role.value,
                "since": each.created_at,
                "sessions": open_sessions[each.user_id],
            }
            for each in queries.list_members(organization_id)
        ]
    lines = [(row["email"], row["name"], row["role"], minute(row["since"]), row["sessions"]) for row in rows]
    head = ("e-mail", "name", "role", "member since (UTC)", "sessions")
    nobody = f"There is nobody. Add somebody with: {typed(f'user create EMAIL --organization {slug}')}"
    show({"users": rows}, table(head, lines) if rows else nobody, as_json)


@user.command("create")
@click.argument("email")
@organization_option
@role_option
@click.option("--name", default="", help="The person's name.")
@click.option("--password", help="At least 8 characters; asked for where it is not given.")
@json_option
def create_user(email: str, slug: str, role: str, name: str, password: str | None, as_json: bool) -> None:
    """Make a person a member of an organization.

    Somebody who is known already only gets the role, and keeps their password.
    """
    with open_app().app_context():
        organization_id, known = find_organization(slug).id, queries.find_user(email)
        db.bind_organization(organization_id)
        if known is not None and password is not None:
            reset = typed(f"user reset-password {known.email} --organization {slug}")
            raise CommandFailed(
                f"{known.email} is known already and has a password: leave --password out to give the role alone, "
                f"or set another one with `{reset}`"
            )
        person = known or service.create_user(email, name, password or getpass.getpass("Password: "))
        service.add_member(person, Role(role), BY)
        db.session.commit()
        keeps = " They were known already and keep their password." if known else ""
        show({"email": person.email, "role": role}, f"{person.email} is {role} of {slug}.{keeps}", as_json)


@user.command("role")
@click.argument("email")
@organization_option
@click.option("--role", type=click.Choice([role.value for role in Role]), required=True)
@json_option
def set_role(email: str, slug: str, role: str, as_json: bool) -> None:
    """Change what a member may do, at once."""
    with inside(slug):
        membership = service.set_role(_member(email, slug), Role(role), BY)
        db.session.commit()
        found = membership.user.email
        show({"email": found, "role": role}, f"{found} is {role} of {slug}.", as_json)


@user.command("remove")
@click.argument("email")
@organization_option
@json_option
def remove_user(email: str, slug: str, as_json: bool) -> None:
    """Take a person out of an organization, at once."""
    with inside(slug):
        membership = _member(email, slug)
        found = membership.user.email
        service.remove_member(membership, BY)
        db.session.commit()
        show({"email": found}, f"{found} is no member of {slug} any more, and signed out.", as_json)


@user.command("reset-password")
@click.argument("email")
@organization_option
@click.option("--password", help="At least 8 characters; asked for where it is not given.")
@json_option
def reset_password(email: str, slug: str, password: str | None, as_json: bool) -> None:
    """Give a member another password.

    They are signed out everywhere, and sign in again with the new one.
    """
    with inside(slug):
        person = _member(email, slug).user
        ended = service.set_password(person, password or getpass.getpass("New password: "), BY)
        db.session.commit()
        text = f"{person.email} has another password; {ended} sessions ended."
        show({"email": person.email, "ended": ended}, text, as_json)


@click.group()
def session() -> None:
    """Where members are signed in."""


@session.command("list")
@organization_option
@json_option
def list_sessions(slug: str, as_json: bool) -> None:
    """Who is signed in, from where, since when."""
    with inside(slug), db.reading():
        rows: list[dict[str, Any]] = [
            {
                "id": each.id,
                "email": person.email,
                "since": each.created_at,
                "seen": each.last_seen_at,
                "address": each.address,
                "browser": each.browser,
            }
            for each, person in sessions.list_sessions(db.require_organization_id())
        ]
    lines = [
        (row["id"], row["email"], minute(row["since"]), minute(row["seen"]), row["address"] or "–", _short(row))
        for row in rows
    ]
    head = ("session", "e-mail", "since (UTC)", "last seen (UTC)", "from", "browser")
    show({"sessions": rows}, table(head, lines) if rows else "Nobody is signed in.", as_json)


def _short(row: dict[str, Any]) -> str:
    return first_line(str(row["browser"]), BROWSER_WIDTH)


@session.command("revoke")
@click.argument("session_id", metavar="[SESSION]", required=False)
@click.option("--user", "email", help="End all sessions of this member.")
@organization_option
@json_option
def revoke_session(session_id: str | None, email: str | None, slug: str, as_json: bool) -> None:
    """Sign a member out: one session, or all of --user."""
    if (session_id is None) == (email is None):
        raise click.UsageError("Name one session, as `session list` shows them, or a member with --user.")
    with inside(slug):
        ended = _end_one(session_id, slug) if session_id else _end_all(email or "", slug)
        db.session.commit()
        show({"ended": ended}, f"{ended} {'session' if ended == 1 else 'sessions'} ended.", as_json)


def _end_one(session_id: str, slug: str) -> int:
    wanted = parse_id(session_id)
    for each, person in sessions.list_sessions(db.require_organization_id()):
        if each.id == wanted:
            service.end_session(each, person, BY)
            return 1
    listing = typed(f"session list --organization {slug}")
    raise CommandFailed(f"no member of {slug} has the session {session_id}; `{listing}` shows them")


def _end_all(email: str, slug: str) -> int:
    return service.end_all_sessions(_member(email, slug).user, BY)


def _member(email: str, slug: str) -> Membership:
    found = queries.get_member(db.require_organization_id(), email)
    if found is None:
        raise CommandFailed(f"{email} is no member of {slug}; `{typed(f'user list --organization {slug}')}` shows them")
    return found

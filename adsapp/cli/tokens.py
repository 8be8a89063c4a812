"""`adsapp token`: the keys that programs use."""

from typing import Any

import click

from adsapp.cli.actor import BY
from adsapp.cli.admin import organization_option, role_option
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.organization import inside
from adsapp.cli.output import json_option, show
from adsapp.cli.tables import minute, table
from adsapp.core import db
from adsapp.organizations import queries, service
from adsapp.organizations.models import ApiToken, Role


@click.group()
def token() -> None:
    """Tokens for programs."""


@token.command("create")
@organization_option
@role_option
@click.option("--name", default="cli", show_default=True, help="What it is for.")
@click.option("--days", type=click.IntRange(1), help="Days until it expires; never where left out.")
@json_option
def create_token(slug: str, role: str, name: str, days: int | None, as_json: bool) -> None:
    """Make a token. It is printed once and cannot be shown again."""
    with inside(slug):
        text = service.create_token(name, Role(role), days, by=BY)
        db.session.commit()
        show({"token": text, "role": role}, text, as_json)


@token.command("list")
@organization_option
@json_option
def list_tokens(slug: str, as_json: bool) -> None:
    """The tokens: beginning, name, role, last use."""
    with inside(slug), db.reading():
        rows: list[dict[str, Any]] = [
            {
                "id": each.id,
                "prefix": each.prefix,
                "name": each.name,
                "role": each.role.value,
                "created_at": each.created_at,
                "last_used_at": each.last_used_at,
                "expires_at": each.expires_at,
            }
            for each in queries.list_tokens(db.require_organization_id())
        ]
    moments = ("created_at", "last_used_at", "expires_at")
    lines = [
        (row["id"], row["prefix"] + "…", row["name"], row["role"], *(minute(row[name]) for name in moments))
        for row in rows
    ]
    head = ("token", "begins with", "name", "role", "made (UTC)", "last used (UTC)", "expires (UTC)")
    none = f"There is none. Make one with: {typed(f'token create --organization {slug}')}"
    show({"tokens": rows}, table(head, lines) if rows else none, as_json)


@token.command("revoke")
@click.argument("wanted", metavar="TOKEN")
@organization_option
@json_option
def revoke_token(wanted: str, slug: str, as_json: bool) -> None:
    """Take a token back, at once.

    TOKEN is its id, its name, or how it begins, as `token list` shows them.
    """
    with inside(slug):
        found = _token(wanted, slug)
        revoked = {"id": found.id, "name": found.name}
        service.revoke_token(found, BY)
        db.session.commit()
        show(revoked, f"The token {revoked['name']} is not taken any more.", as_json)


def _token(wanted: str, slug: str) -> ApiToken:
    tokens = queries.list_tokens(db.require_organization_id())
    found = [each for each in tokens if wanted in (str(each.id), each.name, each.prefix)]
    listing = f"`{typed(f'token list --organization {slug}')}` shows them"
    if not found:
        raise CommandFailed(f"{slug} has no token {wanted}; {listing}")
    if len(found) > 1:
        raise CommandFailed(f"{slug} has {len(found)} tokens {wanted}: name the one you mean by its id; {listing}")
    return found[0]

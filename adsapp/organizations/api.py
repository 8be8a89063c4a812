"""Members and tokens for programs."""

import uuid
from datetime import datetime
from typing import Any

from flask import Blueprint
from flask.typing import ResponseReturnValue
from pydantic import BaseModel, ConfigDict

from adsapp.core import db
from adsapp.core.clock import iso
from adsapp.core.ids import parse_id
from adsapp.core.web.parsing import parse_body
from adsapp.organizations import queries, service, sessions
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.models import ApiToken, Membership, Role
from adsapp.organizations.policy import Permission

api = Blueprint("organizations_api", __name__, url_prefix="/api")


class MemberBody(BaseModel):
    """Who is added. Without a name they are called by their e-mail."""

    model_config = ConfigDict(extra="forbid")

    email: str
    role: Role
    name: str = ""


class RoleBody(BaseModel):
    """What a member may do from now on."""

    model_config = ConfigDict(extra="forbid")

    role: Role


class TokenBody(BaseModel):
    """A token. `days` is how long it lasts; null: until it is revoked."""

    model_config = ConfigDict(extra="forbid")

    name: str
    role: Role
    days: int | None = None


@api.get("/members")
@allow(Permission.ADMINISTER)
def list_members() -> ResponseReturnValue:
    """All of them, by their addresses."""
    organization_id = db.require_organization_id()
    seen = sessions.last_seen(organization_id)
    return {"members": [member_json(each, seen) for each in queries.list_members(organization_id)]}


@api.post("/members")
@allow(Permission.ADMINISTER)
def add_member() -> ResponseReturnValue:
    """Add somebody; this answer alone tells the password that they begin with, null for who has one."""
    body = parse_body(MemberBody)
    member, password = service.let_in(body.email, body.name, body.role, current_actor().by())
    db.session.commit()
    return {**_told(member), "password": password or None}, 201


@api.patch("/members/<member_id>")
@allow(Permission.ADMINISTER)
def change_member(member_id: str) -> ResponseReturnValue:
    """Give a member another role."""
    body = parse_body(RoleBody)
    member = service.set_role(queries.own_member(parse_id(member_id)), body.role, current_actor().by())
    db.session.commit()
    return _told(member)


@api.delete("/members/<member_id>")
@allow(Permission.ADMINISTER)
def remove_member(member_id: str) -> ResponseReturnValue:
    """Take a member out."""
    service.remove_member(queries.own_member(parse_id(member_id)), current_actor().by())
    db.session.commit()
    return "", 204


@api.get("/tokens")
@allow(Permission.ADMINISTER)
def list_tokens() -> ResponseReturnValue:
    """All of them, the oldest first, without their texts."""
    return {"tokens": [token_json(each) for each in queries.list_tokens(db.require_organization_id())]}


@api.post("/tokens")
@allow(Permission.ADMINISTER)
def add_token() -> ResponseReturnValue:
    """Make a token; this answer alone tells its text."""
    body = parse_body(TokenBody)
    token, text = service.add_token(body.name, body.role, body.days, by=current_actor().by())
    db.session.commit()
    return {**token_json(token), "token": text}, 201


@api.delete("/tokens/<token_id>")
@allow(Permission.ADMINISTER)
def revoke_token(token_id: str) -> ResponseReturnValue:
    """Take a token back, at once."""
    service.revoke_token(queries.own_token(parse_id(token_id)), current_actor().by())
    db.session.commit()
    return "", 204


def _told(member: Membership) -> dict[str, Any]:
    return member_json(member, sessions.last_seen(member.organization_id))


# --- JSON -------------------------------------------------------------------------------------------------------------


def member_json(member: Membership, seen: dict[uuid.UUID, datetime]) -> dict[str, Any]:
    """A member; `seen` has when each was there last."""
    return {
        "id": str(member.user_id),
        "email": member.user.email,
        "name": member.user.name,
        "role": member.role.value,
        "since": iso(member.created_at),
        "last_seen_at": iso(seen.get(member.user_id)),
    }


def token_json(token: ApiToken) -> dict[str, Any]:
    """A token without its text."""
    return {
        "id": str(token.id),
        "name": token.name,
        "role": token.role.value,
        "prefix": token.prefix,
        "created_at": iso(token.created_at),
        "last_used_at": iso(token.last_used_at),
        "expires_at": iso(token.expires_at),
    }

"""Reads of organizations, users and tokens. These run before an organization is bound."""

import uuid
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.organizations.models import ApiToken, Membership, Organization, Role, User


def find_user(email: str) -> User | None:
    """The user with this e-mail address, however it is written."""
    return db.session.scalars(select(User).where(User.email == email.strip().lower())).one_or_none()


def find_organization(slug: str) -> Organization | None:
    """The organization with this slug."""
    return db.session.scalars(select(Organization).where(Organization.slug == slug)).one_or_none()


def list_organizations() -> Sequence[tuple[Organization, int]]:
    """All organizations in the order of their slugs, each with the number of its members."""
    members = func.count(Membership.user_id)
    joined = select(Organization, members).outerjoin(Membership, Membership.organization_id == Organization.id)
    return [
        (row[0], row[1]) for row in db.session.execute(joined.group_by(Organization.id).order_by(Organization.slug))
    ]


def some_slugs(limit: int) -> Sequence[str]:
    """The first slugs, in alphabetical order."""
    return db.session.scalars(select(Organization.slug).order_by(Organization.slug).limit(limit)).all()


def memberships_of(user_id: uuid.UUID) -> Sequence[Membership]:
    """A user's organizations, by name, each membership with its user."""
    mine = select(Membership).join(Membership.organization).join(Membership.user)
    loaded = mine.options(contains_eager(Membership.organization), contains_eager(Membership.user))
    return db.session.scalars(loaded.where(Membership.user_id == user_id).order_by(Organization.name)).all()


def choose(memberships: Sequence[Membership], user: User, chosen: uuid.UUID | None) -> Membership | None:
    """The user's membership of the chosen organization, else of the last one used, else the first."""
    mine = {membership.organization_id: membership for membership in memberships}
    for wanted in (chosen, user.last_organization_id):
        if wanted in mine:
            return mine[wanted]
    return next(iter(mine.values()), None)


def get_membership(organization_id: uuid.UUID, user_id: uuid.UUID) -> Membership | None:
    """Somebody's membership of an organization."""
    return db.session.get(Membership, (organization_id, user_id))


def list_members(organization_id: uuid.UUID) -> Sequence[Membership]:
    """An organization's members, by their addresses."""
    members = select(Membership).join(Membership.user).options(contains_eager(Membership.user))
    wanted = members.where(Membership.organization_id == organization_id).order_by(User.email)
    return db.session.scalars(wanted).all()


def has_another_owner(membership: Membership) -> bool:
    """Whether the organization has an owner besides this member. Until the transaction ends nobody else may ask."""
    organization_id = membership.organization_id
    db.session.execute(select(Organization.id).where(Organization.id == organization_id).with_for_update())
    others = select(Membership.user_id).where(
        Membership.organization_id == organization_id,
        Membership.role == Role.OWNER,
        Membership.user_id != membership.user_id,
    )
    return db.session.scalars(others.limit(1)).first() is not None


def list_tokens(organization_id: uuid.UUID) -> Sequence[ApiToken]:
    """An organization's tokens, those that ran out too, the oldest first."""
    tokens = select(ApiToken).where(ApiToken.organization_id == organization_id)
    return db.session.scalars(tokens.order_by(ApiToken.created_at, ApiToken.id)).all()


def find_token(token: str) -> tuple[ApiToken, Organization] | None:
    """The token's row and organization; None if it is unknown or expired."""
    known = db.session.execute(
        select(ApiToken, Organization)
        .join(Organization, Organization.id == ApiToken.organization_id)
        .where(ApiToken.token_hash == digest(token))
    ).one_or_none()
    if known is None or (known.ApiToken.expires_at and known.ApiToken.expires_at < utcnow()):
        return None
    db.session.expunge_all()
    return known.ApiToken, known.Organization

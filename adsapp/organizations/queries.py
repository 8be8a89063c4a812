"""Reads of organizations, users and tokens.

`find_…` comes before an organization is bound, and shows the key it was given (`db.show_key`); the others come after.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.errors import NotFound
from adsapp.organizations.models import ApiToken, Membership, Organization, Role, User

OPERATOR = "whoever runs this installation"


def find_user(email: str) -> User | None:
    """The user with this e-mail address, however it is written."""
    address = email.strip().lower()
    db.show_key(address)
    found = db.session.scalars(select(User).where(User.email == address)).one_or_none()
    db.session.expunge_all()  # detached, it stays usable once an organization is bound
    return found


def find_anybody(email: str) -> User | None:
    """The same from within an organization, to which the person need not belong."""
    address = email.strip().lower()
    with db.at_the_door(address) as door:
        return door.scalars(select(User).where(User.email == address)).one_or_none()


def is_elsewhere(membership: Membership) -> bool:
    """Whether a member belongs to another organization, too."""
    theirs = select(Membership.organization_id).where(Membership.user_id == membership.user_id)
    with db.at_the_door(membership.user.email) as door:
        others = theirs.where(Membership.organization_id != membership.organization_id)
        return door.scalars(others.limit(1)).first() is not None


def find_organization(slug: str) -> Organization | None:
    """The organization with this slug."""
    db.show_key(slug)
    return db.session.scalars(select(Organization).where(Organization.slug == slug)).one_or_none()


def list_organizations(limit: int | None = None) -> Sequence[tuple[uuid.UUID, str]]:
    """Ids and slugs of all organizations, by slug: all that is seen of others without being let in."""
    named = select(Organization.id, Organization.slug).order_by(Organization.slug).limit(limit)
    with db.reading(), db.engine_transaction() as connection:
        return [(row.id, row.slug) for row in connection.execute(named)]


def own_organization() -> Organization:
    """The organization of this session."""
    return db.session.get_one(Organization, db.require_organization_id())


def get_organization() -> tuple[Organization, int]:
    """The organization of this session, and the number of its members."""
    members = select(func.count(Membership.user_id)).where(Membership.organization_id == Organization.id)
    row = db.session.execute(select(Organization, members.scalar_subquery())).one()
    return row[0], row[1]


@dataclass(frozen=True)
class Caps:
    """What whoever runs the installation lets this organization send at most, a second; None: no cap."""

    messages_per_second: float | None = None
    emails_per_second: float | None = None

    @property
    def on_messages(self) -> str:
        """That on messages for people; empty without one."""
        return _cap(self.messages_per_second, "messages")

    @property
    def on_emails(self) -> str:
        """Likewise, of e-mails."""
        return _cap(self.emails_per_second, "e-mails")


def _cap(most: float | None, what: str) -> str:
    return "" if most is None else f"at most {most:g} {what} a second, set by {OPERATOR}"


_CAPS = select(Organization.most_messages_per_second, Organization.most_emails_per_second)


def caps() -> Caps:
    """Those of this session's organization."""
    row = db.session.execute(_CAPS.where(Organization.id == db.require_organization_id())).one()
    return Caps(*row)


def memberships_of(user: User) -> Sequence[Membership]:
    """A user's organizations, by name, each membership with its user: before one of them is bound."""
    db.show_key(user.email)
    mine = select(Membership).join(Membership.organization).join(Membership.user)
    loaded = mine.options(contains_eager(Membership.organization), contains_eager(Membership.user))
    return db.session.scalars(loaded.where(Membership.user_id == user.id).order_by(Organization.name)).all()


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


def get_member(organization_id: uuid.UUID, email: str) -> Membership | None:
    """The membership of the person with this e-mail address."""
    wanted = select(Membership).join(Membership.user).options(contains_eager(Membership.user))
    theirs = (Membership.organization_id == organization_id, User.email == email.strip().lower())
    return db.session.scalars(wanted.where(*theirs)).one_or_none()


def own_member(user_id: uuid.UUID | None) -> Membership:
    """A member of this session's organization. Raises NotFound, also without an id."""
    found = get_membership(db.require_organization_id(), user_id) if user_id else None
    if found is None:
        raise NotFound("There is no such member; they may have been removed")
    return found


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


def own_token(token_id: uuid.UUID | None) -> ApiToken:
    """A token of this session's organization. Raises NotFound, also without an id."""
    mine = (ApiToken.id == token_id, ApiToken.organization_id == db.require_organization_id())
    found = db.session.scalars(select(ApiToken).where(*mine)).one_or_none()
    if found is None:
        raise NotFound("There is no such token; it may have been revoked")
    return found


def find_token(token: str) -> tuple[ApiToken, Organization] | None:
    """The token's row and organization; None if it is unknown or expired."""
    token_hash = digest(token)
    db.show_key(token_hash)
    known = db.session.execute(
        select(ApiToken, Organization)
        .join(Organization, Organization.id == ApiToken.organization_id)
        .where(ApiToken.token_hash == token_hash)
    ).one_or_none()
    if known is None or (known.ApiToken.expires_at and known.ApiToken.expires_at < utcnow()):
        return None
    db.session.expunge_all()
    return known.ApiToken, known.Organization

"""Writes of organizations, users, memberships and tokens."""

import re
import secrets
import uuid
from datetime import timedelta
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError
from email_validator import EmailNotValidError, validate_email
from sqlalchemy import update

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.organizations import queries
from adsapp.organizations.auditing import NOBODY, By
from adsapp.organizations.models import ApiToken, Membership, Organization, Role, User

SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$")
TOKEN_PREFIX = "ads_"  # noqa: S105  # so that people and secret scanners recognise it
PASSWORD_LENGTH = 8


def create_organization(slug: str, name: str, default_country: str | None = None) -> Organization:
    """Add an organization; commands name it by its slug."""
    if not SLUG.match(slug):
        raise Invalid.field("slug", "should be lower-case letters, digits and hyphens, e.g. harbour-bakery")
    if queries.find_organization(slug) is not None:
        raise Conflict(f"There is an organization {slug} already")
    country = (default_country or context.settings().default_country).upper()
    organization = Organization(slug=slug, name=name, default_country=country)
    db.session.add(organization)
    db.session.flush()
    return organization


def set_contact_gap(organization: Organization, hours: int, by: By = NOBODY) -> None:
    """For how many hours after a campaign whoever starts another one is told who got it; 0: not at all."""
    before, organization.contact_gap_hours = organization.contact_gap_hours, hours
    by.audit("set contact gap", f"organization:{organization.id}", title=organization.name, hours=hours, before=before)


def create_user(email: str, name: str, password: str) -> User:
    """Add a person who can sign in."""
    address = _valid_email(email)
    if len(password) < PASSWORD_LENGTH:
        raise Invalid.field("password", f"should have at least {PASSWORD_LENGTH} characters")
    if queries.find_user(address) is not None:
        raise Conflict(f"There is a user {address} already")
    user = User(email=address, name=name.strip() or address, password_hash=hasher().hash(password))
    db.session.add(user)
    db.session.flush()
    return user


def add_member(organization: Organization, user: User, role: Role, by: By = NOBODY) -> Membership:
    """Make a user a member, or change a member's role."""
    by.audit("add member", f"member:{user.id}", title=user.email, role=role.value)
    return db.session.merge(Membership(organization_id=organization.id, user_id=user.id, role=role))


def create_token(organization: Organization, name: str, role: Role, days: int | None = None, by: By = NOBODY) -> str:
    """Add an API token; its text is returned only here, because only its digest is kept."""
    by.audit("make token", f"token:{name}", title=name, role=role.value)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    db.session.add(
        ApiToken(
            organization_id=organization.id,
            name=name,
            prefix=token[:8],
            token_hash=digest(token),
            role=role,
            expires_at=utcnow() + timedelta(days=days) if days else None,
        )
    )
    db.session.flush()
    return token


def authenticate(email: str, password: str) -> User | None:
    """The user with this password, or None. Takes the same time whether or not the address is known."""
    user = queries.find_user(email)
    known = user.password_hash if user else _decoy_hash()
    try:
        hasher().verify(known, password)
    except (VerifyMismatchError, InvalidHashError):
        return None
    return user


def choose_organization(user: User, organization_id: uuid.UUID) -> Membership:
    """Remember the organization a user works in; raises NotFound if the user is not a member."""
    chosen = next((m for m in queries.memberships_of(user.id) if m.organization_id == organization_id), None)
    if chosen is None:
        raise NotFound("There is no such organization among yours")
    db.session.execute(update(User).where(User.id == user.id).values(last_organization_id=organization_id))
    return chosen


def hasher() -> PasswordHasher:
    """Argon2id with the library's defaults; tests lower its cost."""
    configured: PasswordHasher = context.extension("password_hasher")
    return configured


@lru_cache(maxsize=1)
def _decoy_hash() -> str:
    return hasher().hash(secrets.token_urlsafe(16))


def _valid_email(email: str) -> str:
    try:
        # `test_environment` allows .test and .example, which a demo's people have.
        return validate_email(email, check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid.field("email", str(error)) from None

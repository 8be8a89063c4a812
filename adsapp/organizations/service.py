"""Writes of organizations, users, memberships and tokens."""

import re
import secrets
import uuid
from collections.abc import Sequence
from datetime import timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import new_id
from adsapp.organizations import passwords, queries, sessions
from adsapp.organizations.auditing import By
from adsapp.organizations.models import ApiToken, Membership, Organization, Role, User, UserSession
from adsapp.organizations.sessions import SignedIn

SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$")
LONGEST_NAME = 100
LONGEST_EMAIL = 200
MOST_DAYS = 3650  # until a token expires, if it does
LEAST_CAP, MOST_CAP = 0.01, 100_000
TOKEN_PREFIX = "ads_"  # noqa: S105  # so that people and secret scanners recognise it


def create_organization(slug: str, name: str, default_country: str | None = None) -> Organization:
    """Add an organization, to which the session then belongs; commands name it by its slug."""
    if not SLUG.match(slug):
        raise Invalid.field("slug", "should be lower-case letters, digits and hyphens, e.g. harbour-bakery")
    if queries.find_organization(slug) is not None:
        raise Conflict(f"There is an organization {slug} already")
    country = (default_country or context.settings().default_country).upper()
    organization = Organization(id=new_id(), slug=slug, name=name, default_country=country)
    db.bind_organization(organization.id)
    db.session.add(organization)
    db.session.flush()
    return organization


def set_contact_gap(organization: Organization, hours: int, by: By) -> None:
    """For how many hours after a campaign whoever starts another one is told who got it; 0: not at all."""
    before, organization.contact_gap_hours = organization.contact_gap_hours, hours
    by.audit("set contact gap", f"organization:{organization.id}", title=organization.name, hours=hours, before=before)


def set_caps(organization: Organization, by: By, *, messages: float | None, emails: float | None) -> None:
    """What all numbers, or all e-mail accounts, of this organization may send together a second; None lifts a cap.

    For whoever runs the installation: the organization sees it and cannot change it.
    """
    for name, value in (("messages_per_second", messages), ("emails_per_second", emails)):
        if value is not None and not LEAST_CAP <= value <= MOST_CAP:
            raise Invalid.field(name, f"should be {LEAST_CAP:g} to {MOST_CAP:,} a second, not {value:g}")
    changes = {
        "messages a second": (organization.most_messages_per_second, messages),
        "e-mails a second": (organization.most_emails_per_second, emails),
    }
    organization.most_messages_per_second, organization.most_emails_per_second = messages, emails
    for what, (before, after) in changes.items():
        if before != after:
            by.audit("set cap", f"organization:{organization.id}", title=what, after=after, before=before)


def create_user(email: str, name: str, password: str) -> User:
    """Add a person, whom `add_member` lets in: until then no organization sees them."""
    address = _valid_email(email)
    passwords.demand_good(password, address, name)
    user = User(email=address, name=_name(name) if name.strip() else address, password_hash=passwords.hash_of(password))
    try:
        with db.session.begin_nested():
            db.session.add(user)
    except IntegrityError:
        raise Conflict(f"There is a user {address} already") from None
    return user


def let_in(email: str, name: str, role: Role, by: By) -> tuple[Membership, str]:
    """Make somebody a member by their address. Who is new gets a first password, which is returned only here; who is
    known keeps theirs, and it is "". Raises Conflict for a member."""
    known = queries.find_anybody(email)
    if known is not None and queries.get_membership(db.require_organization_id(), known.id) is not None:
        raise Conflict(f"{known.email} is a member already; change their role in the list")
    password = "" if known else passwords.first_password()
    return add_member(known or create_user(email, name, password), role, by), password


def add_member(user: User, role: Role, by: By) -> Membership:
    """Let a person into this session's organization, or change a member's role. Raises Conflict if nobody would be
    owner any more."""
    organization_id = db.require_organization_id()
    known = queries.get_membership(organization_id, user.id)
    if known is not None:
        return set_role(known, role, by)
    by.demand_reach(role)
    made = Membership(organization_id=organization_id, user_id=user.id, role=role)
    db.session.add(made)
    db.session.flush()  # from now on the person is seen and can be changed from here
    by.audit("add member", f"member:{user.id}", title=user.email, role=role.value)
    return made


def set_role(membership: Membership, role: Role, by: By) -> Membership:
    """Change what a member may do, from their next request on. Raises Conflict if nobody would be owner any more."""
    before, user = membership.role, membership.user
    by.demand_reach(before, role)
    if role is not Role.OWNER:
        _keep_an_owner(membership, f"be {role.value}")
    membership.role = role
    if role is not before:
        by.audit("change role", f"member:{user.id}", title=user.email, before=before.value, after=role.value)
    return membership


def remove_member(membership: Membership, by: By) -> None:
    """Take a person out of an organization and sign them out everywhere. Raises Conflict for the last owner."""
    by.demand_reach(membership.role)
    _keep_an_owner(membership, "leave")
    user, role = membership.user, membership.role
    if user.last_organization_id == membership.organization_id:
        user.last_organization_id = None
    sessions.end_sessions_of(user.id)  # first: who is no member any more is not seen from here
    db.session.delete(membership)
    by.audit("remove member", f"member:{user.id}", title=user.email, role=role.value)


def _keep_an_owner(membership: Membership, what: str) -> None:
    if membership.role is Role.OWNER and not queries.has_another_owner(membership):
        email, name = membership.user.email, membership.organization.name
        raise Conflict(f"{email} cannot {what}: {name} would have no owner. Make another member owner first")


def set_password(user: User, password: str, by: By) -> int:
    """Give a person another password and sign them out everywhere; how many sessions ended."""
    passwords.demand_good(password, user.email, user.name)
    user.password_hash = passwords.hash_of(password)
    ended = sessions.end_sessions_of(user.id)
    by.audit("reset password", f"member:{user.id}", title=user.email, count=ended)
    return ended


def renew_password(membership: Membership, by: By) -> str:
    """Give a member another first password, which is returned only here. Raises Conflict for oneself, who is asked for
    the present one, and for whoever belongs to another organization, too: it would let us in there."""
    by.demand_reach(membership.role)
    if membership.user_id == by.user_id:
        raise Conflict("Change your own password under Your account")
    if queries.is_elsewhere(membership):
        raise Conflict(
            f"{membership.user.email} belongs to another organization, too. They change their password themselves; if "
            "they forgot it, whoever runs this installation sets another"
        )
    password = passwords.first_password()
    set_password(membership.user, password, by)
    return password


def change_own_password(signed_in: SignedIn, password: str, by: By) -> int:
    """Take another password and end all other sessions; how many. The present one has been asked for."""
    passwords.demand_good(password, signed_in.user.email, signed_in.user.name)
    kept = passwords.hash_of(password)  # before anything is locked, as it takes long
    user = db.session.get_one(User, signed_in.user.id)
    user.password_hash = kept
    ended = sessions.end_others(signed_in)
    by.audit("change password", f"member:{user.id}", title=user.email, count=ended)
    return ended


def rename(user_id: uuid.UUID, name: str, by: By) -> None:
    """Call a person by another name, in all their organizations."""
    user, after = db.session.get_one(User, user_id), _name(name)
    before, user.name = user.name, after
    if after != before:
        by.audit("change name", f"member:{user.id}", title=user.email, before=before, after=after)


def sign_in(user: User, address: str, browser: str, instead_of: SignedIn | None = None) -> SignedIn:
    """Begin a session in the organization that the person was in last, and end the one that this browser had.
    Raises Conflict if they are in none."""
    with db.read_only():
        membership = queries.choose(queries.memberships_of(user), user, None)
        if membership is None:
            raise Conflict("You belong to no organization any more. Ask an owner or admin of yours to add you again.")
        organization_id = membership.organization_id
    if instead_of is not None:
        sessions.end_at_once(instead_of)
    db.session.expunge_all()
    db.bind_organization(organization_id)
    signed_in = sessions.begin_session(user.id, address, browser)
    By(user.name).audit("sign in", f"session:{user.id}", title=user.email)
    return signed_in


def sign_out(signed_in: SignedIn, by: By) -> None:
    """End the session: its cookie is worth nothing any more, whoever has a copy."""
    sessions.end_session(signed_in.session_id)
    by.audit("sign out", f"session:{signed_in.user.id}", title=signed_in.user.email)


def end_session(session: UserSession, user: User, by: By) -> None:
    """Sign a member out in one browser."""
    sessions.end_session(session.id)
    by.audit("end session", f"session:{user.id}", title=user.email, count=1)


def end_all_sessions(user: User, by: By) -> int:
    """Sign a member out everywhere; how many sessions ended."""
    ended = sessions.end_sessions_of(user.id)
    by.audit("end session", f"session:{user.id}", title=user.email, count=ended)
    return ended


def end_other_sessions(signed_in: SignedIn, by: By) -> int:
    """Sign oneself out everywhere but here; how many sessions ended."""
    ended = sessions.end_others(signed_in)
    by.audit("end session", f"session:{signed_in.user.id}", title=signed_in.user.email, count=ended)
    return ended


def create_token(name: str, role: Role, days: int | None = None, *, by: By) -> str:
    """Add an API token; its text, which is returned only here, because only its digest is kept."""
    return add_token(name, role, days, by=by)[1]


def add_token(name: str, role: Role, days: int | None = None, *, by: By) -> tuple[ApiToken, str]:
    """The same, with its row. Nobody makes one that may do more than they."""
    by.demand_reach(role)
    name = _name(name)
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Invalid.field("days", f"Give 1 to {MOST_DAYS:,} days")
    by.audit("make token", f"token:{name}", title=name, role=role.value)
    text = TOKEN_PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        organization_id=db.require_organization_id(),
        name=name,
        prefix=text[:8],
        token_hash=digest(text),
        role=role,
        expires_at=utcnow() + timedelta(days=days) if days else None,
    )
    db.session.add(token)
    db.session.flush()
    return token, text


def revoke_token(token: ApiToken, by: By) -> None:
    """From the next request on it is not known."""
    db.session.delete(token)
    by.audit("revoke token", f"token:{token.name}", title=token.name, role=token.role.value)


def authenticate(email: str, password: str) -> User | None:
    """The user with this password, or None. Takes the same time whether or not the address is known."""
    with db.read_only():  # to check a password takes long: nobody may have to wait for it at the database
        user = queries.find_user(email)
    return user if passwords.is_right(user.password_hash if user else None, password) else None


def choose_organization(user: User, organizations: Sequence[Organization], organization_id: uuid.UUID) -> Organization:
    """Remember which of their organizations a user works in; raises NotFound if it is none of these."""
    chosen = next((each for each in organizations if each.id == organization_id), None)
    if chosen is None:
        raise NotFound("There is no such organization among yours")
    db.session.execute(update(User).where(User.id == user.id).values(last_organization_id=organization_id))
    return chosen


def note_entry(user: User, organization_id: uuid.UUID, by: By) -> None:
    """Write into the audit of another organization that one of its members came in; the session is bound to one."""
    by.note("enter", f"session:{user.id}", title=user.email, organization_id=organization_id)


def _valid_email(email: str) -> str:
    try:
        # `test_environment` allows .test and .example, which a demo's people have.
        address = validate_email(email.strip(), check_deliverability=False, test_environment=True).normalized.lower()
    except EmailNotValidError as error:
        raise Invalid.field("email", str(error)) from None
    if len(address) > LONGEST_EMAIL:
        raise Invalid.field("email", f"Give an address of at most {LONGEST_EMAIL} letters")
    return address


def _name(text: str) -> str:
    name = text.strip()
    if not 0 < len(name) <= LONGEST_NAME:
        raise Invalid.field("name", f"Give a name of 1 to {LONGEST_NAME} letters")
    return name

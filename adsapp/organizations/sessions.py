"""Who is signed in where: every statement on `sessions` is here.

The cookie holds a random token; the table has its digest, whose it is, and when it was last used. What is not in the
table is not signed in, so that a session is ended by removing its row.
"""

import secrets
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from flask_login import UserMixin
from sqlalchemy import bindparam, delete, or_, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import contains_eager

from adsapp.core import context, db
from adsapp.core.clock import utcnow
from adsapp.core.crypto import digest
from adsapp.core.logs import get_logger
from adsapp.organizations.models import ApiToken, Membership, Organization, User, UserSession

SEEN_EVERY = timedelta(minutes=5)  # a request writes that it was there if nobody has for so long
SEEN_WAIT = 0.2  # seconds that it waits for the database to do so; if that is not enough, a later request writes it
BROWSER_LENGTH = 200

log = get_logger()


@dataclass(frozen=True, eq=False)
class SignedIn(UserMixin):  # type: ignore[misc]  # flask-login publishes no types
    """What flask-login calls the user: a person, by one session."""

    token: str
    session_id: uuid.UUID
    last_seen_at: datetime
    memberships: Sequence[Membership]  # never none; by the name of the organization

    @property
    def user(self) -> User:
        """The person."""
        return self.memberships[0].user

    def get_id(self) -> str:
        """What the cookie holds."""
        return self.token


# Made once, because every request uses it.
_SIGNED_IN = (
    select(Membership, UserSession.id, UserSession.last_seen_at)
    .join(UserSession, UserSession.user_id == Membership.user_id)
    .join(Membership.organization)
    .join(Membership.user)
    .where(
        UserSession.token_hash == bindparam("token_hash"),
        UserSession.created_at > bindparam("oldest"),
        UserSession.last_seen_at > bindparam("idle_since"),
    )
    .options(contains_eager(Membership.organization), contains_eager(Membership.user))
    .order_by(Organization.name)
)


def find_session(token: str) -> SignedIn | None:
    """Who is signed in by this token, with their organizations: one statement. None if the session has ended."""
    db.show_key(digest(token))
    return _found(token)


def _found(token: str) -> SignedIn | None:
    oldest, idle_since = _limits()
    wanted = {"token_hash": digest(token), "oldest": oldest, "idle_since": idle_since}
    found = db.session.execute(_SIGNED_IN, wanted).all()
    if not found:
        return None
    return SignedIn(token, found[0].id, found[0].last_seen_at, [row.Membership for row in found])


def begin_session(user_id: uuid.UUID, address: str, browser: str) -> SignedIn:
    """Sign a member in; sessions of the organization's members that ran out are removed on this occasion.

    It is told with the membership of the bound organization only; the next request finds all.
    """
    oldest, idle_since = _limits()
    ended = or_(UserSession.created_at <= oldest, UserSession.last_seen_at <= idle_since)
    db.session.execute(delete(UserSession).where(ended))
    token = secrets.token_urlsafe(32)
    began = UserSession(
        user_id=user_id, token_hash=digest(token), address=address, browser=browser[:BROWSER_LENGTH].strip()
    )
    db.session.add(began)
    db.session.flush()
    signed_in = _found(token)
    assert signed_in is not None
    return signed_in


def end_session(session_id: uuid.UUID) -> None:
    """The next request of that browser leads to the sign-in."""
    db.session.execute(delete(UserSession).where(UserSession.id == session_id))


def end_at_once(signed_in: SignedIn) -> None:
    """The same in a transaction of its own: for a browser in which somebody else signs in, perhaps of elsewhere."""
    with db.brief_session(signed_in.memberships[0].organization_id) as own:
        own.execute(delete(UserSession).where(UserSession.id == signed_in.session_id))


def end_sessions_of(user_id: uuid.UUID) -> int:
    """Sign a person out everywhere; how many sessions that were."""
    return len(
        db.session.scalars(delete(UserSession).where(UserSession.user_id == user_id).returning(UserSession.id)).all()
    )


def end_others(signed_in: SignedIn) -> int:
    """Sign a person out everywhere but here; how many sessions that were."""
    others = (UserSession.user_id == signed_in.user.id, UserSession.id != signed_in.session_id)
    return len(db.session.scalars(delete(UserSession).where(*others).returning(UserSession.id)).all())


def list_own(user_id: uuid.UUID) -> Sequence[UserSession]:
    """Where a person is signed in, used last first."""
    oldest, idle_since = _limits()
    lasting = (UserSession.created_at > oldest, UserSession.last_seen_at > idle_since)
    wanted = select(UserSession).where(UserSession.user_id == user_id, *lasting)
    return db.session.scalars(wanted.order_by(UserSession.last_seen_at.desc(), UserSession.id)).all()


def last_seen(organization_id: uuid.UUID) -> dict[uuid.UUID, datetime]:
    """When each member who is signed in was there last, by their id."""
    return {user.id: session.last_seen_at for session, user in reversed(list_sessions(organization_id))}


def list_sessions(organization_id: uuid.UUID) -> Sequence[tuple[UserSession, User]]:
    """The sessions of an organization's members, those used last first."""
    oldest, idle_since = _limits()
    found = db.session.execute(
        select(UserSession, User)
        .join(User, User.id == UserSession.user_id)
        .join(Membership, Membership.user_id == User.id)
        .where(
            Membership.organization_id == organization_id,
            UserSession.created_at > oldest,
            UserSession.last_seen_at > idle_since,
        )
        .order_by(UserSession.last_seen_at.desc(), UserSession.id)
    )
    return [(row.UserSession, row.User) for row in found]


def note_seen(signed_in: SignedIn) -> None:
    """Write down that a person is there, now and then; the session is bound to an organization of theirs."""
    _note(UserSession, "last_seen_at", signed_in.session_id, signed_in.last_seen_at)


def note_used(token: ApiToken) -> None:
    """Write down that a program is there, now and then."""
    _note(ApiToken, "last_used_at", token.id, token.last_used_at)


def _note(table: type[UserSession] | type[ApiToken], column: str, row_id: uuid.UUID, before: datetime | None) -> None:
    now = utcnow()
    if before is not None and now - before < SEEN_EVERY:
        return
    is_as_it_was = getattr(table, column) == before  # of requests at the same moment, one writes
    try:
        with db.brief_session(db.require_organization_id(), wait_seconds=SEEN_WAIT) as own:
            own.execute(update(table).where(table.id == row_id, is_as_it_was).values({column: now}))
    except OperationalError as error:
        log.debug("not_noted", table=table.__tablename__, error=type(error).__name__)


def _limits() -> tuple[datetime, datetime]:
    """Sessions that began, or were used last, before these moments have ended."""
    now, settings = utcnow(), context.settings()
    return now - timedelta(days=settings.session_days), now - timedelta(hours=settings.session_idle_hours)

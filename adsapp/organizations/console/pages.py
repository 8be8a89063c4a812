"""The pages, as their templates read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from markupsafe import Markup, escape

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.web.confirmation import Crumb
from adsapp.core.web.pages import WebPage
from adsapp.organizations import queries, sessions
from adsapp.organizations.access import Actor
from adsapp.organizations.console.browsers import browser_words
from adsapp.organizations.console.forms import Typed
from adsapp.organizations.console.roles import WORDS, choices
from adsapp.organizations.models import ApiToken, Membership, Role, User
from adsapp.organizations.policy import reaches
from adsapp.organizations.sessions import SignedIn

LASTS = (("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never"))


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A member; `why_fixed` says why their role stays as it is, `why_no_password` why none can be given."""

    id: str
    name: str
    email: str
    role: str
    last_seen: datetime | None
    is_me: bool
    why_fixed: str
    why_no_password: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PeoplePage(WebPage):
    """Who belongs to the organization."""

    template: ClassVar[str] = "organizations/people.html"

    organization: str
    rows: Sequence[PersonLine]

    @classmethod
    def of(cls, actor: Actor) -> "PeoplePage":
        members = queries.list_members(actor.organization.id)
        seen = sessions.last_seen(actor.organization.id)
        owners = [each for each in members if each.role is Role.OWNER]
        rows = [_person(each, actor, seen.get(each.user_id), len(owners)) for each in members]
        return cls(organization=actor.organization.name, rows=rows)


def _person(member: Membership, actor: Actor, last_seen: datetime | None, owners: int) -> PersonLine:
    user = member.user
    out_of_reach = "" if reaches(actor.role, member.role) else f"only an {member.role.value} can change an owner"
    is_last = member.role is Role.OWNER and owners == 1
    return PersonLine(
        id=str(user.id),
        name=user.name,
        email=user.email,
        role=WORDS[member.role][0],
        last_seen=last_seen,
        is_me=user.id == actor.user_id,
        why_fixed=out_of_reach or ("there must be an owner: make somebody else owner first" if is_last else ""),
        why_no_password=out_of_reach,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage(WebPage):
    """The form by which somebody is added."""

    template: ClassVar[str] = "organizations/person.html"

    form: Typed
    roles: Sequence[tuple[str, str, str]]

    @classmethod
    def of(cls, actor: Actor, form: Typed) -> "PersonPage":
        return cls(form=form, roles=choices(actor.role))


@dataclass(frozen=True, slots=True)
class TokenLine:
    """A token, without its text."""

    id: str
    name: str
    role: str
    prefix: str
    made: datetime
    last_used: datetime | None
    expires: datetime | None
    has_expired: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TokensPage(WebPage):
    """The tokens there are."""

    template: ClassVar[str] = "organizations/tokens.html"

    rows: Sequence[TokenLine]

    @classmethod
    def of(cls, actor: Actor) -> "TokensPage":
        return cls(rows=[_token(each) for each in queries.list_tokens(actor.organization.id)])


def _token(token: ApiToken) -> TokenLine:
    return TokenLine(
        id=str(token.id),
        name=token.name,
        role=WORDS[token.role][0],
        prefix=token.prefix,
        made=token.created_at,
        last_used=token.last_used_at,
        expires=token.expires_at,
        has_expired=token.expires_at is not None and token.expires_at < utcnow(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPage(WebPage):
    """The form by which a token is made."""

    template: ClassVar[str] = "organizations/token.html"

    form: Typed
    roles: Sequence[tuple[str, str, str]]
    lasts: Sequence[tuple[str, str]] = LASTS

    @classmethod
    def of(cls, actor: Actor, form: Typed) -> "TokenPage":
        return cls(form=form, roles=choices(actor.role))


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretPage(WebPage):
    """What is shown this once: a token, or the password that somebody begins with."""

    template: ClassVar[str] = "organizations/secret.html"

    title: str
    what: str  # what the secret is called: "token"
    secret: str
    texts: Sequence[str]  # what to do with it
    tab: str
    back: str
    facts: Sequence[tuple[str, str]] = ()

    @property
    def crumbs(self) -> Sequence[Crumb]:
        """Where it stands."""
        return ("Settings", None), (self.tab, self.back), (self.title, None)


@dataclass(frozen=True, slots=True)
class SessionLine:
    """A browser in which one is signed in."""

    browser: str
    address: Markup  # of a machine, which no mask may take for somebody's number
    since: datetime
    last_seen: datetime
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(WebPage):
    """Somebody's own name, password and sessions. Markup is what they see whole whoever they are: it is their own."""

    template: ClassVar[str] = "organizations/account.html"

    email: Markup
    role: str
    organization: str
    name: Markup
    name_error: str
    password: Typed
    rows: Sequence[SessionLine]

    @classmethod
    def of(cls, me: SignedIn, actor: Actor, name: Typed | None = None, password: Typed | None = None) -> "AccountPage":
        user = db.session.get_one(User, me.user.id)
        return cls(
            email=escape(user.email),
            role=WORDS[actor.role][0],
            organization=actor.organization.name,
            name=escape(name.values["name"] if name else user.name),
            name_error=name.errors.get("name", "") if name else "",
            password=password or Typed(),
            rows=_sessions(me),
        )

    @property
    def others(self) -> int:
        """In how many other browsers one is signed in."""
        return sum(not row.is_here for row in self.rows)


def _sessions(me: SignedIn) -> list[SessionLine]:
    rows = [
        SessionLine(
            browser=browser_words(each.browser),
            address=escape(each.address),
            since=each.created_at,
            last_seen=each.last_seen_at,
            is_here=each.id == me.session_id,
        )
        for each in sessions.list_own(me.user.id)
    ]
    return sorted(rows, key=lambda row: not row.is_here)

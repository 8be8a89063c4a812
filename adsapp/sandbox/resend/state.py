"""What the stand-in remembers: teams, accepted e-mails, figures. All in memory, one thread."""

import uuid
from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from adsapp.sandbox.clock import Clock
from adsapp.sandbox.config import SandboxConfig, TeamConfig
from adsapp.sandbox.resend.errors import ApiError
from adsapp.sandbox.resend.faults import FaultRules
from adsapp.sandbox.resend.idempotency import Answers
from adsapp.sandbox.resend.limits import Quota, RequestRate
from adsapp.sandbox.resend.suppressions import Suppressions
from adsapp.sandbox.resend.validation import Request
from adsapp.sandbox.windows import BusiestSecond

_RANKS = {
    "scheduled": 0,
    "queued": 0,
    "sent": 1,
    "delivery_delayed": 2,
    "canceled": 3,
    "failed": 3,
    "suppressed": 3,
    "delivered": 3,
    "bounced": 4,
    "opened": 5,
    "clicked": 6,
    "complained": 7,
}
_SHOWN = 200
_CONFIGURED = "configured"  # the webhook that a team has from its settings
EVENTS = (
    *(f"email.{name}" for name in _RANKS if name not in ("queued", "canceled")),
    "suppression.added",
    "suppression.removed",
)


def iso(seconds: float) -> str:
    """A time as the provider writes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(slots=True)
class Email:
    """One accepted e-mail: a line of the ledger. Times are in seconds since 1970."""

    id: str
    team: "Team"
    request: Request
    idempotency_key: str | None
    accepted_at: float
    last_event: str = "queued"
    scheduled_at: float | None = None
    events: list[tuple[float, str, str]] = field(default_factory=list)  # when, which, what is said of it

    def become(self, event: str, at: float, note: str = "") -> None:
        """Take note of an event; one that is older than what is known already leaves `last_event` as it is."""
        self.events.append((at, event, note))
        if _RANKS[event] >= _RANKS[self.last_event]:
            self.last_event = event

    def as_line(self) -> dict[str, Any]:
        """A line of the sandbox's ledger."""
        return {
            "to": list(self.request.to),
            "id": self.id,
            "idempotency_key": self.idempotency_key,
            "subject": self.request.subject,
            "tags": dict(self.request.tags),
            "accepted_at": round(self.accepted_at, 6),
            "from": self.request.sender,
            "team": self.team.config.name,
            "last_event": self.last_event,
        }

    def as_json(self) -> dict[str, Any]:
        """As the provider shows it."""
        request = self.request
        scheduled = iso(self.scheduled_at) if self.scheduled_at is not None else None
        return {
            "object": "email",
            "id": self.id,
            "message_id": f"<{self.id}@sandbox.resend.dev>",
            "to": list(request.to),
            "from": request.sender,
            "created_at": iso(self.accepted_at),
            "subject": request.subject,
            "html": request.html or None,
            "text": request.text or None,
            "bcc": list(request.bcc),
            "cc": list(request.cc),
            "reply_to": list(request.reply_to),
            "last_event": self.last_event,
            "scheduled_at": scheduled,
            "tags": [{"name": name, "value": value} for name, value in request.tags.items()],
        }


@dataclass(slots=True)
class Webhook:
    """Where a team's events are sent, and which of them."""

    id: str
    endpoint: str
    secret: str
    events: tuple[str, ...]
    created_at: str

    def as_json(self) -> dict[str, Any]:
        return {
            "object": "webhook",
            "id": self.id,
            "endpoint": self.endpoint,
            "events": list(self.events),
            "status": "enabled",
            "created_at": self.created_at,
        }


@dataclass(slots=True)
class Domain:
    id: str
    name: str
    status: str
    created_at: str

    def as_json(self) -> dict[str, Any]:
        return {
            "object": "domain",
            "id": self.id,
            "name": self.name,
            "status": self.status,
            "created_at": self.created_at,
            "region": "us-east-1",
        }


@dataclass(slots=True)
class Figures:
    """Counters of one team since they were last reset."""

    requests: int = 0
    accepted: int = 0
    replayed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    arrivals: BusiestSecond = field(default_factory=BusiestSecond)
    admitted: BusiestSecond = field(default_factory=BusiestSecond)
    mails: BusiestSecond = field(default_factory=BusiestSecond)
    in_flight: int = 0
    in_flight_max: int = 0

    def arrive(self, now: float) -> None:
        self.requests += 1
        self.arrivals.see(now)
        self.in_flight += 1
        self.in_flight_max = max(self.in_flight_max, self.in_flight)

    def leave(self) -> None:
        self.in_flight -= 1

    def as_json(self) -> dict[str, Any]:
        """Replayed: requests that got an answer kept for their idempotency key. The seconds are moving ones."""
        return {
            "requests": self.requests,
            "accepted": self.accepted,
            "replayed": self.replayed,
            "refused_by_name": dict(sorted(self.refused.items())),
            "most_requests_in_one_second": self.arrivals.most,
            "most_admitted_in_one_second": self.admitted.most,
            "most_emails_in_one_second": self.mails.most,
            "in_flight_max": self.in_flight_max,
        }


class Team:
    """One customer and what they have done. `config` may be replaced while it runs."""

    def __init__(self, config: TeamConfig) -> None:
        self.config = config
        self.rate = RequestRate(config.requests_per_second)
        self.domains: dict[str, Domain] = {}
        self.webhooks: dict[str, Webhook] = {}
        self.figures = Figures()
        self.forget()

    def forget(self) -> None:
        """Forget what was sent; the rate stays, so that a reset cannot be used to get around it."""
        self.quota = Quota()
        self.answers = Answers()
        self.suppressions = Suppressions()

    def headers(self, now: float) -> dict[str, str]:
        """What each answer to this team carries."""
        return self.rate.headers(now) | self.quota.headers(now)

    def check_domain(self, name: str) -> None:
        """ApiError if the team may not send from this domain."""
        domain = self.domains.get(name)
        if domain is None or domain.status != "verified":
            what = (
                f"The {name} domain is not verified. Please, add and verify your domain on https://resend.com/domains"
            )
            raise ApiError("validation_error", what, http=403)


class Mailroom:
    """The whole state. Nothing here awaits, so nothing can happen between a check and its effect."""

    def __init__(self, config: SandboxConfig, clock: Clock) -> None:
        self.config = config
        self.clock = clock
        self._seed = config.seed if config.seed is not None else int(clock.now() * 1000)
        self._made = 0
        self.faults = FaultRules()
        self.teams: dict[str, Team] = {}
        self.emails: dict[str, Email] = {}
        self.strangers: Counter[str] = Counter()
        for team in config.teams:
            self.put_team(team)

    def new_id(self) -> str:
        """Two sandboxes with different seeds never give the same one."""
        self._made += 1
        return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{self._seed}/{self._made}"))

    def put_team(self, config: TeamConfig) -> Team:
        """Add a team, or replace the settings of a known one."""
        team = self.teams.get(config.name)
        if team is None:
            team = self.teams[config.name] = Team(config)
        team.config = config
        team.rate.window.limit = config.requests_per_second
        for name, status in config.domains.items():
            self.put_domain(team, name, status)
        self._configure_webhook(team)
        return team

    def _configure_webhook(self, team: Team) -> None:
        config, known = team.config, team.webhooks.pop(_CONFIGURED, None)
        if not config.webhook_url:
            return
        hook = known or Webhook(_CONFIGURED, "", "", EVENTS, iso(self.clock.now()))
        hook.endpoint, hook.secret = config.webhook_url, config.webhook_secret  # what is on its way goes there too
        team.webhooks[_CONFIGURED] = hook

    def put_domain(self, team: Team, name: str, status: str) -> Domain:
        domain = team.domains.setdefault(
            name.lower(), Domain(self.new_id(), name.lower(), status, iso(self.clock.now()))
        )
        domain.status = status
        return domain

    def new_webhook(self, endpoint: str, secret: str, events: tuple[str, ...]) -> Webhook:
        return Webhook(self.new_id(), endpoint, secret, events, iso(self.clock.now()))

    def team_for(self, key: str | None, *, sends: bool) -> Team:
        """The team whose key this is; ApiError if there is none, or if it may only send and this is not sending."""
        if not key:
            raise ApiError("missing_api_key", "Missing API key in the authorization header")
        for team in self.teams.values():
            if key == team.config.key:
                return team
            if key == team.config.sending_key:
                if not sends:
                    raise ApiError("restricted_api_key", "This API key is restricted to only send emails")
                return team
        raise ApiError("invalid_api_key", "API key is invalid")

    def emails_of(self, team: Team) -> list[Email]:
        return [email for email in reversed(self.emails.values()) if email.team is team]

    def latest(self) -> list[Email]:
        """What the inbox shows, newest first."""
        return list(deque(self.emails.values(), maxlen=_SHOWN))[::-1]

    def empty_ledger(self) -> None:
        """Forget the accepted e-mails and reset all figures; answers by idempotency key stay."""
        self.emails.clear()
        self.strangers.clear()
        for team in self.teams.values():
            team.figures = Figures(in_flight=team.figures.in_flight)

    def reset(self) -> None:
        """Back to the state after the start, except for time, teams, domains, webhooks and ids."""
        self.empty_ledger()
        self.faults.clear()
        for team in self.teams.values():
            team.forget()

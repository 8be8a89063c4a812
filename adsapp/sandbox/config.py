"""The configuration of a sandbox: its address, its business numbers, its teams that send e-mail, its pace.

The same words are used in the JSON file (`--config FILE`), in `POST /_sandbox/accounts` and in the code:

    {"host": "127.0.0.1", "port": 5001, "fast": false, "latency_ms": 0, "magic": true, "seed": null,
     "static": "static", "keep": "templates-made.json",
     "accounts": [{"phone_number_id": "…", "waba_id": "…", "token": "…", "app_secret": "…",
                   "webhook_url": "http://…", "display_phone_number": "15550783881", "verified_name": "…",
                   "throughput": 80}],
     "teams": [{"name": "team", "key": "re_…", "domains": {"harbour-bakery.example": "verified"},
                "webhook_url": "http://…", "webhook_secret": "whsec_…", "requests_per_second": 2,
                "daily_quota": 0, "monthly_quota": 0, "tracking": false}]}
"""

import base64
import dataclasses
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

_T = TypeVar("_T")


class ConfigError(ValueError):
    """A setting that cannot be used. The text names it and says what it should be."""


@dataclass(frozen=True, slots=True)
class AccountConfig:
    """One business number. `throughput` is in messages a second; an empty `webhook_url` sends no webhooks.

    `country_code` is put before a recipient that has no `+`, as the provider does; if it is empty, nothing is.
    """

    phone_number_id: str
    waba_id: str
    token: str = field(repr=False)
    app_secret: str = field(default="", repr=False)
    webhook_url: str = ""
    display_phone_number: str = "15550783881"
    verified_name: str = "Harbour Bakery"
    throughput: int = 80
    country_code: str = ""


@dataclass(frozen=True, slots=True)
class TeamConfig:
    """One customer of Resend. `requests_per_second` counts requests to all endpoints, whatever they carry.

    `sending_key` may only send. `domains`: each with its status. A quota of 0 is none. An empty `webhook_url` sends no
    webhooks but those made by `POST /webhooks`. tracking: the domains report opens and clicks.
    """

    key: str = field(repr=False)
    name: str = "team"
    sending_key: str = field(default="", repr=False)
    domains: Mapping[str, str] = field(default_factory=dict)
    webhook_url: str = ""
    webhook_secret: str = field(default="", repr=False)
    requests_per_second: int = 2
    daily_quota: int = 0
    monthly_quota: int = 0
    tracking: bool = False


DOMAIN_STATUSES = ("not_started", "pending", "verified", "failed", "temporary_failure")


@dataclass(frozen=True, slots=True)
class Timing:
    """Seconds from acceptance to each status, and how the webhooks are sent."""

    sent: float = 0.2
    delivered: float = 0.8
    read: float = 3.0
    reply: float = 4.0
    held: float = 5.0
    review: float = 4.0  # until the provider has looked at a new template
    flush_every: float = 0.1
    first_retry: float = 0.5
    longest_retry: float = 8.0
    hang: float = 120.0
    # Seconds from one try to tell of an e-mail to the next, as the provider documents them.
    email_retries: tuple[float, ...] = (5, 300, 1800, 7200, 18000, 36000)


FAST = Timing(
    sent=0.02,
    delivered=0.06,
    read=0.15,
    reply=0.2,
    held=0.3,
    review=0.1,
    flush_every=0.02,
    first_retry=0.05,
    email_retries=(0.05, 0.1, 0.2, 0.5, 1, 2, 4, 8, 8, 8, 8, 8),
)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    host: str = "127.0.0.1"
    port: int = 5001
    accounts: tuple[AccountConfig, ...] = ()
    teams: tuple[TeamConfig, ...] = ()
    fast: bool = False
    latency_ms: float = 0.0
    magic: bool = True
    seed: int | None = None
    static: Path | None = None
    keep: Path | None = None  # the file in which templates outlast a restart
    pair_rate: bool = True
    us_marketing: bool = False  # WhatsApp delivers no marketing to numbers of the United States
    batch_size: int = 100

    @property
    def timing(self) -> Timing:
        return FAST if self.fast else Timing()


_KINDS: dict[str, tuple[type, ...]] = {
    "port": (int,),
    "throughput": (int,),
    "batch_size": (int,),
    "latency_ms": (int, float),
    "seed": (int, type(None)),
    "fast": (bool,),
    "magic": (bool,),
    "pair_rate": (bool,),
    "us_marketing": (bool,),
    "requests_per_second": (int,),
    "daily_quota": (int,),
    "monthly_quota": (int,),
    "tracking": (bool,),
    "domains": (dict,),
}


def account_from(data: object, where: str = "account") -> AccountConfig:
    """An account from JSON. ConfigError names the first field that is missing, unknown or wrong."""
    values = _known_fields(AccountConfig, data, where)
    for name in ("phone_number_id", "waba_id", "token"):
        if not values.get(name):
            raise ConfigError(f"{where}: {name} is missing; give it a text that is not empty")
    if values.get("throughput", 1) < 1:
        raise ConfigError(f"{where}: throughput must be a whole number of messages a second, 1 or more")
    return AccountConfig(**values)


def team_from(data: object, where: str = "team") -> TeamConfig:
    """A team from JSON. ConfigError names the first field that is missing, unknown or wrong."""
    values = _known_fields(TeamConfig, data, where)
    if not values.get("key"):
        raise ConfigError(f"{where}: key is missing; give it a text that is not empty")
    if values.get("requests_per_second", 1) < 1:
        raise ConfigError(f"{where}: requests_per_second must be a whole number, 1 or more")
    for name in ("daily_quota", "monthly_quota"):
        if values.get(name, 0) < 0:
            raise ConfigError(f"{where}: {name} must be a whole number of e-mails, or 0 for none")
    for domain, status in values.get("domains", {}).items():
        if status not in DOMAIN_STATUSES:
            raise ConfigError(f"{where}: domains: {domain} must be one of {', '.join(DOMAIN_STATUSES)}, not {status!r}")
    if values.get("webhook_url") and not is_signing_secret(values.get("webhook_secret", "")):
        raise ConfigError(f"{where}: webhook_secret must be whsec_ and base64, since there is a webhook_url")
    return TeamConfig(**values)


def is_signing_secret(text: str) -> bool:
    """Whether webhooks can be signed with it: `whsec_` and base64 of at least one byte."""
    try:
        return text.startswith("whsec_") and bool(base64.b64decode(text.removeprefix("whsec_"), validate=True))
    except ValueError:
        return False


def config_from(data: object, where: str = "config") -> SandboxConfig:
    """A whole configuration from JSON. ConfigError names the place of what cannot be used."""
    values = _known_fields(SandboxConfig, data, where, ignore=("accounts", "teams"))
    assert isinstance(data, Mapping)
    values["accounts"] = _each(account_from, data, "accounts", where)
    values["teams"] = _each(team_from, data, "teams", where)
    for name in ("static", "keep"):
        if values.get(name):
            values[name] = Path(values[name])
    return SandboxConfig(**values)


def _each(read: Callable[[object, str], _T], data: Mapping[str, Any], name: str, where: str) -> tuple[_T, ...]:
    items = data.get(name, [])
    if not isinstance(items, list):
        raise ConfigError(f"{where}: {name} must be a list")
    return tuple(read(item, f"{where}: {name}[{i}]") for i, item in enumerate(items))


def read_config(path: Path) -> SandboxConfig:
    """The configuration in a JSON file. Raises ConfigError if it cannot be read."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: cannot be read as JSON: {error}") from error
    return config_from(data, str(path))


def _known_fields(kind: type, data: object, where: str, ignore: tuple[str, ...] = ()) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise ConfigError(f"{where}: expected a JSON object")
    known = {item.name for item in dataclasses.fields(kind)}
    for name in data:
        if name not in known:
            raise ConfigError(f"{where}: unknown field {name!r}; known are {', '.join(sorted(known))}")
    values = {name: value for name, value in data.items() if name not in ignore}
    for name, value in values.items():
        _check_kind(name, value, where)
    return values


def _check_kind(name: str, value: object, where: str) -> None:
    if name in ("static", "keep") and value is None:
        return
    kinds = _KINDS.get(name, (str,))
    # bool is a kind of int in Python; `"throughput": true` is still a mistake.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)
        raise ConfigError(f"{where}: {name} must be {names}, not {value!r}")

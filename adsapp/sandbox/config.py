"""The configuration of a sandbox: its address, its business numbers, its pace.

The same words are used in the JSON file (`--config FILE`), in `POST /_sandbox/accounts` and in the code:

    {"host": "127.0.0.1", "port": 5001, "fast": false, "latency_ms": 0, "magic": true, "seed": null,
     "static": "static",
     "accounts": [{"phone_number_id": "…", "waba_id": "…", "token": "…", "app_secret": "…",
                   "webhook_url": "http://…", "display_phone_number": "15550783881", "verified_name": "…",
                   "throughput": 80}]}
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


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
class Timing:
    """Seconds from acceptance to each status, and how the webhooks are sent."""

    sent: float = 0.2
    delivered: float = 0.8
    read: float = 3.0
    reply: float = 4.0
    held: float = 5.0
    flush_every: float = 0.1
    first_retry: float = 0.5
    longest_retry: float = 8.0
    hang: float = 120.0


FAST = Timing(sent=0.02, delivered=0.06, read=0.15, reply=0.2, held=0.3, flush_every=0.02, first_retry=0.05)


@dataclass(frozen=True, slots=True)
class SandboxConfig:
    host: str = "127.0.0.1"
    port: int = 5001
    accounts: tuple[AccountConfig, ...] = ()
    fast: bool = False
    latency_ms: float = 0.0
    magic: bool = True
    seed: int | None = None
    static: Path | None = None
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


def config_from(data: object, where: str = "config") -> SandboxConfig:
    """A whole configuration from JSON. ConfigError names the place of what cannot be used."""
    values = _known_fields(SandboxConfig, data, where, ignore=("accounts",))
    assert isinstance(data, Mapping)
    accounts = data.get("accounts", [])
    if not isinstance(accounts, list):
        raise ConfigError(f"{where}: accounts must be a list")
    values["accounts"] = tuple(account_from(item, f"{where}: accounts[{i}]") for i, item in enumerate(accounts))
    if values.get("static"):
        values["static"] = Path(values["static"])
    return SandboxConfig(**values)


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
    if name == "static" and value is None:
        return
    kinds = _KINDS.get(name, (str,))
    # bool is a kind of int in Python; `"throughput": true` is still a mistake.
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        names = " or ".join("null" if kind is type(None) else kind.__name__ for kind in kinds)
        raise ConfigError(f"{where}: {name} must be {names}, not {value!r}")

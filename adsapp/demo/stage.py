"""The processes of the demo: sandbox, web and workers, which learn of each other through the environment."""

import base64
import json
import secrets
import socket
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adsapp.config import RESOURCES, Settings
from adsapp.processes.commands import web_command, worker_children
from adsapp.processes.supervisor import Child

PHONE_NUMBER_ID = "100000000000001"
WABA_ID = "200000000000001"
DISPLAY_PHONE_NUMBER = "12025550199"
SENDER_DOMAIN = "harbour-bakery.example"


@dataclass(frozen=True)
class Number:
    """A business number as the sandbox and the console both know it."""

    token: str
    app_secret: str
    phone_number_id: str = PHONE_NUMBER_ID
    waba_id: str = WABA_ID
    display_phone_number: str = DISPLAY_PHONE_NUMBER
    messages_per_second: int = 80


@dataclass(frozen=True)
class Team:
    """A team at Resend as the sandbox and the console both know it."""

    key: str
    webhook_secret: str
    domain: str = SENDER_DOMAIN
    requests_per_second: int = 2


def demo_settings(settings: Settings) -> Settings:
    """The same settings with the sandbox in place of WhatsApp and Resend."""
    sandbox = f"http://{settings.host}:{settings.sandbox_port}"
    return settings.model_copy(update={"sandbox_url": sandbox, "resend_api_base_url": f"{sandbox}/resend"})


def environment(settings: Settings) -> dict[str, str]:
    """The environment variables that make the children run with these settings."""
    return {
        "ADSAPP_HOME": str(settings.home.resolve()),
        "HOST": settings.host,
        "PORT": str(settings.port),
        "SANDBOX_PORT": str(settings.sandbox_port),
        "SANDBOX_URL": settings.sandbox_url,
        "WHATSAPP_API_BASE_URL": settings.whatsapp_api_base_url,
        "RESEND_API_BASE_URL": settings.resend_api_base_url,
        "LOG_LEVEL": settings.log_level,
    }


def known_number(home: Path) -> Number:
    """This installation's number at the sandbox; made once, readable by its owner only."""
    made = {"token": secrets.token_urlsafe(32), "app_secret": secrets.token_hex(16)}
    return Number(**_kept(home / "sandbox-number.json", made))


def known_team(home: Path) -> Team:
    """This installation's team at the sandbox, likewise."""
    signing = base64.b64encode(secrets.token_bytes(24)).decode()
    made = {"key": f"re_{secrets.token_urlsafe(24)}", "webhook_secret": f"whsec_{signing}"}
    return Team(**_kept(home / "sandbox-team.json", made))


def _kept(path: Path, made: dict[str, Any]) -> dict[str, Any]:
    """What the file says; if there is none, what was made, which the file says from now on."""
    if path.exists():
        return dict(json.loads(path.read_text()))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(made))
    return made


def write_sandbox_config(
    settings: Settings, number: Number, webhook_url: str, *, mail_webhook_url: str = "", **options: Any
) -> Path:
    """The sandbox's configuration as a file, so that no secret appears on a command line."""
    account = {
        "phone_number_id": number.phone_number_id,
        "waba_id": number.waba_id,
        "token": number.token,
        "app_secret": number.app_secret,
        "webhook_url": webhook_url,
        "display_phone_number": number.display_phone_number,
        "throughput": number.messages_per_second,
    }
    config = {
        "host": settings.host,
        "port": settings.sandbox_port,
        "latency_ms": 40,
        "static": str(RESOURCES / "static"),
        "keep": str(settings.home.resolve() / "sandbox-templates.json"),
        "accounts": [account],
        "teams": [_team(known_team(settings.home), mail_webhook_url)],
        **options,
    }
    path = settings.home.resolve() / "sandbox.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(config))
    return path


def _team(team: Team, webhook_url: str) -> dict[str, Any]:
    return {
        "key": team.key,
        "domains": {team.domain: "verified"},
        "webhook_url": webhook_url,
        "webhook_secret": team.webhook_secret,
        "requests_per_second": team.requests_per_second,
        "tracking": True,
    }


def children(settings: Settings, sandbox_config: Path) -> list[Child]:
    """All processes, in the order they start."""
    env: Mapping[str, str] = environment(settings)
    sandbox = Child("sandbox", [sys.executable, "-m", "adsapp.sandbox", "--config", str(sandbox_config)])
    web = Child("web", web_command(settings), env)
    workers = [Child(child.name, child.command, env) for child in worker_children(settings)]
    return [sandbox, web, *workers]


def new_name() -> str:
    """A short unique name."""
    return secrets.token_hex(4)


def free_port() -> int:
    """A port that is free at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port

"""A running sandbox with one team that sends e-mail, and a receiver of its webhooks."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from adsapp.sandbox import SandboxConfig, create_sandbox
from adsapp.sandbox.clock import Clock
from adsapp.sandbox.running import running_app, running_sandbox

from .support import MailHook, Resend, team

StartResend = Callable[..., Resend]


@pytest.fixture
def hook() -> Iterator[MailHook]:
    hook = MailHook()
    with running_app(hook.app()) as running:
        hook.url = f"{running.url}/hook"
        yield hook


@pytest.fixture
def start_resend() -> Iterator[StartResend]:
    """Start a sandbox: changes to its configuration, `team_changes` to its one team."""
    with ExitStack() as stack:

        def start(team_changes: dict[str, Any] | None = None, **changes: Any) -> Resend:
            values: dict[str, Any] = {"fast": True, "teams": (team(**(team_changes or {})),)} | changes
            return Resend(stack.enter_context(running_sandbox(SandboxConfig(**values))).url)

        yield start


@pytest.fixture
def resend(start_resend: StartResend) -> Resend:
    """A team without webhooks."""
    return start_resend()


@pytest.fixture
def still() -> Iterator[Resend]:
    """A team of two requests a second; time moves only when it is told to, from 15 January 2027, 08:00 UTC."""
    clock = Clock(wall=lambda: 1_800_000_000.0, monotonic=lambda: 0.0)
    with running_app(create_sandbox(SandboxConfig(teams=(team(requests_per_second=2),)), clock)) as running:
        yield Resend(running.url)


@pytest.fixture
def heard(start_resend: StartResend, hook: MailHook) -> Resend:
    """A team whose events `hook` hears."""
    return start_resend({"webhook_url": hook.url})

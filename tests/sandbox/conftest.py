"""A running sandbox with one business number, fast statuses and a webhook receiver."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from adsapp.sandbox import SandboxConfig
from adsapp.sandbox.running import running_app, running_sandbox

from .support import Client, Receiver, account

StartSandbox = Callable[..., Client]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    with running_app(receiver.app()) as running:
        receiver.url = f"{running.url}/hook"
        yield receiver


@pytest.fixture
def start_sandbox() -> Iterator[StartSandbox]:
    """Start a sandbox: changes to its configuration, `account` changes to its one number."""
    with ExitStack() as stack:

        def start(account_changes: dict[str, Any] | None = None, **changes: Any) -> Client:
            usual = {"fast": True, "us_marketing": True, "accounts": (account(**(account_changes or {})),)}
            values: dict[str, Any] = usual | changes
            return Client(stack.enter_context(running_sandbox(SandboxConfig(**values))).url)

        yield start


@pytest.fixture
def sandbox(start_sandbox: StartSandbox, receiver: Receiver) -> Client:
    return start_sandbox({"webhook_url": receiver.url})


@pytest.fixture
def quiet(start_sandbox: StartSandbox) -> Client:
    """A sandbox that sends no webhooks."""
    return start_sandbox()

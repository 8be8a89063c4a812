"""Templates that were made outlast the sandbox's process, as those of the provider do."""

from pathlib import Path

from adsapp.sandbox.config import AccountConfig, SandboxConfig
from adsapp.sandbox.running import running_sandbox
from tests.sandbox.support import ask

ACCOUNT = AccountConfig("100000000000001", "200000000000001", "token")
PATH = "/v25.0/200000000000001/message_templates"

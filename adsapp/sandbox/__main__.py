"""`python -m adsapp.sandbox`: the sandbox as a process of its own, until Ctrl-C or SIGTERM.

Secrets belong in a file (`--config`), not on the command line, where every user of the machine can read them.
Flags override the file; a number given by flags comes before those in the file.
"""

import argparse
import asyncio
import signal
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from adsapp.sandbox.config import AccountConfig, ConfigError, SandboxConfig, account_from, read_config
from adsapp.sandbox.running import start
from adsapp.sandbox.server import create_sandbox

_ACCOUNT_FLAGS = ("phone_number_id", "waba_id", "token", "app_secret", "webhook_url", "throughput")


def main(argv: Sequence[str] | None = None) -> int:
    """Exit status: 0 after a clean stop, 2 for a wrong setting, 1 if the port is taken."""
    parser = _parser()
    flags = parser.parse_args(argv)
    try:
        config = _config(flags)
    except ConfigError as error:
        return _fail(f"{error}", 2)
    try:
        asyncio.run(_serve(config))
    except OSError as error:
        reason = error.strerror or error
        return _fail(f"cannot listen on {config.host}:{config.port}: {reason}; choose another --port", 1)
    return 0


def _fail(reason: str, status: int) -> int:
    sys.stderr.write(f"sandbox: {reason}\n")
    return status


def _parser() -> argparse.ArgumentParser:
    what = "A stand-in for the WhatsApp Cloud API and for Resend."
    parser = argparse.ArgumentParser(prog="adsapp sandbox", description=what)
    parser.add_argument("--config", type=Path, help="JSON file with all settings, secrets included")
    parser.add_argument("--host", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=int, help="port to listen on (5001; 0 for a free one)")
    parser.add_argument("--webhook-url", help="where statuses and replies are sent")
    parser.add_argument("--app-secret", help="signs the webhooks")
    parser.add_argument("--token", help="the access token that is accepted")
    parser.add_argument("--phone-number-id", help="id of the business number")
    parser.add_argument("--waba-id", help="id of the WhatsApp Business account")
    parser.add_argument("--throughput", type=int, help="messages a second the number may send (80)")
    parser.add_argument("--latency-ms", type=float, help="how long each answer takes (0)")
    parser.add_argument("--fast", action="store_const", const=True, help="statuses after 20, 60 and 150 ms")
    parser.add_argument("--no-magic", action="store_const", const=False, dest="magic", help="no odd recipients")
    parser.add_argument("--seed", type=int, help="makes message ids the same in every run")
    parser.add_argument("--static", type=Path, help="folder served under /static, for the console's typeface")
    return parser


def _config(flags: argparse.Namespace) -> SandboxConfig:
    config = read_config(flags.config) if flags.config else SandboxConfig()
    given = {name: value for name, value in vars(flags).items() if value is not None and name != "config"}
    account = {name: given.pop(name) for name in _ACCOUNT_FLAGS if name in given}
    if account:
        config = replace(config, accounts=(_account(account), *config.accounts))
    config = replace(config, **given)
    if config.static is not None and not config.static.is_dir():
        raise ConfigError(f"--static: {config.static} is not a folder")
    return config


def _account(values: dict[str, object]) -> AccountConfig:
    try:
        return account_from(values, "flags")
    except ConfigError as error:
        raise ConfigError(f"{error} (--phone-number-id, --waba-id and --token go together)") from error


async def _serve(config: SandboxConfig) -> None:
    runner, url = await start(create_sandbox(config), config.host, config.port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    sys.stdout.write(f"sandbox: {url}\n")
    sys.stdout.flush()
    await stop.wait()
    await runner.cleanup()


if __name__ == "__main__":
    sys.exit(main())

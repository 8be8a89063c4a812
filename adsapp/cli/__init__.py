"""The `adsapp` command. Every command has help, exits non-zero on failure, and can print JSON."""

import importlib
import sys
from collections.abc import Sequence

import click

from adsapp.cli.errors import CommandFailed, line_of
from adsapp.config import VERSION, ConfigError, Settings
from adsapp.core.errors import Problem

COMMANDS = {  # the module of each command, imported when the command is run, so that a worker does not load the others
    "demo": "demo:demo",
    "web": "servers:web",
    "worker": "servers:worker",
    "sandbox": "servers:sandbox",
    "db": "admin:db",
    "org": "admin:org",
    "user": "members:user",
    "session": "members:session",
    "token": "tokens:token",
    "account": "accounts.whatsapp:account",
    "email-account": "accounts.email:email_account",
    "import": "contacts:import_file",
    "templates": "templates:templates",
    "jobs": "jobs.commands:jobs",
    "schedules": "schedules:schedules",
    "doctor": "doctor:doctor",
    "backup": "backups:backup",
    "restore": "backups:restore",
    "resume-sends": "backups:resume_sends",
    "secrets": "secrets:secrets",
}


class LateCommands(click.Group):
    """A group that imports a command when somebody asks for it."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of all."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of this name."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        command: click.Command = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        return command


@click.group(cls=LateCommands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="adsapp")
def adsapp() -> None:
    """ADSapp: WhatsApp campaigns, imports and the jobs behind them."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an expected failure is one clear line and exit code 1, a wrong setting is exit code 2."""
    try:
        adsapp(args=arguments, prog_name=Settings.load().command, standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except ConfigError as error:
        fail(str(error), 2)
    except CommandFailed as error:
        fail(str(error), error.exit_code)
    except Problem as error:
        fail(line_of(error), 1)


def fail(text: str, code: int) -> None:
    """Say what went wrong and end."""
    click.echo(f"adsapp: {text}", err=True)
    sys.exit(code)

"""The `adsapp` command. Every command has help, exits non-zero on failure, and can print JSON."""

import sys
from collections.abc import Sequence

import click

from adsapp.cli import accounts, admin, contacts, demo, jobs, queues, secrets, servers, workers
from adsapp.cli.output import Told, line_of
from adsapp.config import VERSION, ConfigError
from adsapp.core.errors import Problem


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(VERSION, prog_name="adsapp")
def adsapp() -> None:
    """ADSapp: WhatsApp campaigns, imports and the jobs behind them."""


adsapp.add_command(demo.demo)
adsapp.add_command(servers.web)
adsapp.add_command(servers.worker)
adsapp.add_command(servers.sandbox)
adsapp.add_command(admin.db)
adsapp.add_command(admin.org)
adsapp.add_command(admin.user)
adsapp.add_command(admin.token)
adsapp.add_command(accounts.account)
adsapp.add_command(contacts.import_file)
adsapp.add_command(jobs.jobs)
for command in (queues.pause, queues.resume, queues.limit, workers.workers, workers.drain):
    jobs.jobs.add_command(command)
adsapp.add_command(secrets.secrets)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command; an expected failure is one clear line and exit code 1, a wrong setting is exit code 2."""
    try:
        adsapp(args=arguments, standalone_mode=False)
    except click.exceptions.Exit as exit_:
        sys.exit(exit_.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except click.Abort:
        sys.exit(130)
    except ConfigError as error:
        fail(str(error), 2)
    except Told as error:
        fail(str(error), error.exit_code)
    except Problem as error:
        fail(line_of(error), 1)


def fail(text: str, code: int) -> None:
    """Say what went wrong and end."""
    click.echo(f"adsapp: {text}", err=True)
    sys.exit(code)

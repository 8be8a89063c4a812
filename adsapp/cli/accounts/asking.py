"""Secrets come from the environment or a prompt, never from the command line."""

import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from adsapp.cli.errors import CommandFailed

Command = TypeVar("Command", bound=Callable[..., Any])


def secret_option(name: str, variable: str) -> Callable[[Command], Command]:
    """An option that is filled by the environment alone."""
    return click.option(f"--{name}", envvar=variable, hidden=True, callback=_not_as_argument)


def _not_as_argument(ctx: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Arguments are seen by everybody on the machine and kept in the shell's history."""
    if ctx.get_parameter_source(parameter.name or "") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError(f"secrets are no arguments: set {parameter.envvar}, or be asked for it", ctx)
    return value


def secret(value: str | None, label: str, variable: str) -> str:
    """The secret as it was given, else as it is typed."""
    if value:
        return value
    if not sys.stdin.isatty():
        raise CommandFailed(
            f"the {label.lower()} is missing: set {variable}, or run this at a terminal to be asked for it", 2
        )
    typed: str = click.prompt(label, hide_input=True)
    return typed

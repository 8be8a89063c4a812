"""What commands share: printing for a person or for a program."""

import json
from typing import Any

import click

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


def show(data: dict[str, Any], text: str, as_json: bool) -> None:
    """Print for a program or for a person."""
    click.echo(json.dumps(data, indent=2, default=str) if as_json else text)

"""`adsapp demo`: the whole thing on this machine, with a sandbox in place of WhatsApp and Resend."""

import ipaddress
import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import click
from flask import Flask

from adsapp.cli import readiness
from adsapp.cli.errors import CommandFailed, typed
from adsapp.config import Settings
from adsapp.core import db
from adsapp.core.db import migrations
from adsapp.demo import once as main_job
from adsapp.demo import seed, stage
from adsapp.demo.http import Api, ApiError, wait_until
from adsapp.organizations import service
from adsapp.organizations.auditing import NOBODY
from adsapp.organizations.models import Role
from adsapp.processes.supervisor import STOP_MARGIN_SECONDS, Supervisor

START_SECONDS = 60.0
BAR_WIDTH = 32


@click.command()
@click.option("--once", is_flag=True, help="Do the main job without a browser, compare all counts, and end.")
@click.option("--json", "as_json", is_flag=True, help="With --once: print the figures as JSON.")
@click.option("--on-network", is_flag=True, help="Answer other machines too, if HOST says so.")
def demo(once: bool, as_json: bool, on_network: bool) -> None:
    """Run web, workers and sandbox with a team to look at. This is what `./run` does."""
    refuse_network(Settings.load().host, on_network)
    if once:
        _once(as_json)
    else:
        _stay()


def refuse_network(host: str, is_meant: bool) -> None:
    """Raise CommandFailed if other machines could reach the demo and nobody said that this is meant."""
    if is_meant or host == "localhost" or _is_loopback(host):
        return
    raise CommandFailed(
        f"HOST={host} lets other machines reach the demo, whose passwords everybody knows and whose sandbox asks for "
        f"none. Leave HOST out, or put --on-network behind the command if you mean it: `{typed('demo --on-network')}`",
        2,
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _stay() -> None:
    settings = stage.demo_settings(_quiet(Settings.load()))
    readiness.check_port(settings.host, settings.port, "PORT")
    readiness.check_port(settings.host, settings.sandbox_port, "SANDBOX_PORT")
    app = _migrated(settings)
    number = stage.known_number(settings.home)
    made = seed.ensure_demo(app, number, stage.known_team(settings.home))
    here = f"http://{settings.host}:{settings.port}/webhooks"
    mail_webhook = f"{here}/resend/{made.email_account_id}"
    config = stage.write_sandbox_config(
        settings, number, f"{here}/whatsapp/{made.account_id}", mail_webhook_url=mail_webhook
    )
    with Supervisor(stage.children(settings, config), settings.grace_seconds + STOP_MARGIN_SECONDS) as supervisor:
        supervisor.catch_signals()
        _wait_for_web(settings)
        click.echo(_welcome(settings))
        supervisor.wait()
        click.echo("\nStopping …", err=True)


def _quiet(settings: Settings) -> Settings:
    """Whoever tries it reads where to go, not a line for each request; LOG_LEVEL=INFO shows those too."""
    return (
        settings if "log_level" in settings.model_fields_set else settings.model_copy(update={"log_level": "WARNING"})
    )


def _welcome(settings: Settings) -> str:
    people = "\n".join(f"    {email:22} {role.value}" for email, (_, role) in seed.USERS.items())
    return (
        f"\n  ADSapp is ready:   {settings.base_url}\n"
        f"  Messages arrive:   {settings.sandbox_url}   (the sandbox, in place of WhatsApp)\n"
        f"  E-mails arrive:    {settings.sandbox_url}/inbox   (in place of Resend)\n\n"
        f"  Sign in with the password {seed.PASSWORD} as\n{people}\n\n"
        f"  A file to import:  {main_job.SAMPLE}\n"
        f"  On the command line, beside this: {settings.command} jobs stats --organization {seed.SLUG}\n"
        "  Stop with Ctrl-C.\n"
    )


def _once(as_json: bool) -> None:
    home = Path(tempfile.mkdtemp(prefix="adsapp-demo-"))
    try:
        checks = _main_job(home)
    except (ApiError, RuntimeError) as error:
        raise CommandFailed(f"the demo did not get through: {error}") from None
    finally:
        shutil.rmtree(home, ignore_errors=True)
    if as_json:
        click.echo(json.dumps({check.what: check.found for check in checks}))
    for check in checks if not as_json else ():
        click.echo(f"  {'ok ' if check.holds else 'NOT'}  {check.what}: {check.found:,} of {check.expected:,}")
    if not all(check.holds for check in checks):
        raise CommandFailed("the counts do not agree; see the lines above")


def _main_job(home: Path) -> list[main_job.Check]:
    ports = {"port": stage.free_port(), "sandbox_port": stage.free_port(), "log_level": "ERROR"}
    settings = stage.demo_settings(Settings.load().model_copy(update={"home": home, **ports}))
    app = _migrated(settings)
    number = stage.known_number(home)
    token, account_id, email_account_id = _make_organization(app, number, stage.known_team(home))
    webhook = f"{settings.base_url}/webhooks/whatsapp/{account_id}"
    mail_webhook = f"{settings.base_url}/webhooks/resend/{email_account_id}"
    # Short delays and a fast number: the demo is about the counts, not about waiting.
    config = stage.write_sandbox_config(settings, number, webhook, mail_webhook_url=mail_webhook, fast=True)
    with Supervisor(stage.children(settings, config), settings.grace_seconds + STOP_MARGIN_SECONDS):
        _wait_for_web(settings)
        return main_job.run(Api(settings.base_url, token), settings.sandbox_url, _bar)


def _make_organization(app: Flask, number: stage.Number, team: stage.Team) -> tuple[str, Any, Any]:
    with app.app_context():
        # A name of its own, since on a shared database the demo may have run before.
        made = service.create_organization(f"demo-{stage.new_name()}", "Demo", "US")
        token = service.create_token("demo", Role.ADMIN, by=NOBODY)
        organization_id = made.id
        db.session.commit()
    with db.organization_context(app, organization_id):
        from adsapp import jobs

        sender = seed.connect_team(team)
        sender.emails_per_second, sender.batch_size = 1000, 100  # the team's own limit is what counts
        account_id, email_account_id = seed.connect_sandbox(number).id, sender.id
        jobs.enqueue("sync-templates", {"account_id": str(account_id)}, created_by="demo")
        db.session.commit()
    return token, account_id, email_account_id


def _migrated(settings: Settings) -> Flask:
    import huey_tasks  # noqa: F401  # registers the processors
    from adsapp import create_app

    app = create_app(settings)
    readiness.check_database(app, schema=False)
    migrations.upgrade(app)
    return app


def _wait_for_web(settings: Settings) -> None:
    try:
        wait_until(lambda: Api(settings.base_url).get("/readyz"), START_SECONDS, "the start of the web server")
    except ApiError as error:
        raise CommandFailed(f"{error}; its own messages stand above") from None


def _bar(what: str, done: int, total: int) -> None:
    """One line that fills up; on a pipe, a line at the end of each step only."""
    if not sys.stderr.isatty():
        return
    full = round(BAR_WIDTH * done / total) if total else 0
    click.echo(f"\r  {what:10} [{'#' * full}{'.' * (BAR_WIDTH - full)}] {done:,} of {total:,}  ", nl=False, err=True)
    if total and done >= total:
        click.echo("", err=True)

"""`adsapp account …`: the WhatsApp numbers of an organization on the command line."""

from dataclasses import asdict
from typing import Any

import click

from adsapp.cli.accounts.asking import secret, secret_option
from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization, organization_option
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.core import context, db
from adsapp.integrations import connection, queries
from adsapp.integrations.base import Answer
from adsapp.integrations.models import Account
from adsapp.integrations.whatsapp import service
from adsapp.integrations.whatsapp.connection import ask
from adsapp.integrations.whatsapp.service import AccountIn
from adsapp.message_templates import service as templates


@click.group()
def account() -> None:
    """WhatsApp numbers: connect one, check it, list them."""


@account.command()
@organization_option
@click.option("--phone-number-id", required=True, help="App dashboard → WhatsApp → API setup.")
@click.option("--waba-id", required=True, help="The WhatsApp business account's id, in the business settings.")
@click.option("--name", default="WhatsApp", show_default=True, help="What it is called in the console.")
@click.option("--display-phone-number", default="", help="What people see; default: what WhatsApp says.")
@click.option("--messages-per-second", type=float, help="Its pace; default: DEFAULT_MESSAGES_PER_SECOND.")
@secret_option("token", "WHATSAPP_TOKEN")
@secret_option("app-secret", "WHATSAPP_APP_SECRET")
@secret_option("verify-token", "WHATSAPP_VERIFY_TOKEN")
@json_option
def connect(
    slug: str, as_json: bool, token: str | None, app_secret: str | None, verify_token: str | None, **plain: Any
) -> None:
    """Connect a WhatsApp number.

    The access token, the app secret and the verify token are asked for, or taken from the environment:
    WHATSAPP_TOKEN, WHATSAPP_APP_SECRET, WHATSAPP_VERIFY_TOKEN. WhatsApp is asked first; nothing is saved if it
    refuses.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        data = AccountIn(
            token=secret(token, "Access token", "WHATSAPP_TOKEN"),
            app_secret=secret(app_secret, "App secret", "WHATSAPP_APP_SECRET"),
            verify_token=secret(verify_token, "Verify token", "WHATSAPP_VERIFY_TOKEN"),
            **plain,
        )
        answer, made = _connect(data)
        facts = _facts(made)
        db.session.commit()
    text = (
        f"The number {facts['display_phone_number']} is connected ({answer.sentence}).\n"
        f"Its templates are being read. Enter this webhook address at Meta, with the verify token: {facts['webhook']}"
    )
    show(facts, text, as_json)


def _connect(data: AccountIn) -> tuple[Answer, Account]:
    service.check_new(data)
    db.session.rollback()  # nothing is held while the provider is asked
    answer = ask(service.api_address(None), data.phone_number_id.strip(), data.waba_id.strip(), data.token.strip())
    if not answer.is_good:
        raise CommandFailed(f"nothing was saved. {answer.sentence}")
    made = service.create_account(data, BY)
    made.display_phone_number = made.display_phone_number or answer.display_phone_number[:30]
    templates.request_sync(BY, made)
    return answer, made


@account.command()
@organization_option
@json_option
def check(slug: str, as_json: bool) -> None:
    """Ask WhatsApp whether it accepts each number.

    One that it accepts may send again.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        answers = [(each.name, _check(each)) for each in _accounts(slug)]
    rows = [{"name": name, "accepted": it.is_good, **asdict(it)} for name, it in answers]
    lines = [f"{name}: {'accepted' if it.is_good else 'NOT accepted'}: {it.sentence}" for name, it in answers]
    show({"accounts": rows}, "\n".join(lines), as_json)
    if not all(it.is_good for _, it in answers):
        raise CommandFailed("WhatsApp does not accept every number; the answers are above")


def _check(one: Account) -> Answer:
    answer = connection.check(one.id, BY)
    db.session.commit()
    return answer


@account.command("list")
@organization_option
@json_option
def list_accounts(slug: str, as_json: bool) -> None:
    """The numbers of an organization.

    The first is the one that sends.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        rows = [_facts(each) for each in _accounts(slug)]
    show({"accounts": rows}, "\n".join(_line(row) for row in rows), as_json)


def _line(row: dict[str, Any]) -> str:
    reason = f": {row['reason']}" if row["reason"] else ""
    number = row["display_phone_number"] or row["phone_number_id"]
    return f"{row['name']}  {number}  {row['messages_per_second']:g}/s  {row['state']}{reason}"


def _accounts(slug: str) -> list[Account]:
    found = queries.list_accounts()
    if not found:
        raise CommandFailed(f"no WhatsApp number is connected: {typed(f'account connect --organization {slug}')} …")
    return found


def _facts(one: Account) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "display_phone_number": one.display_phone_number,
        "phone_number_id": one.phone_number_id,
        "waba_id": one.waba_id,
        "messages_per_second": one.messages_per_second,
        "state": one.status.value,
        "reason": one.status_reason,
        "webhook": f"{context.settings().base_url}/webhooks/whatsapp/{one.id}",
    }

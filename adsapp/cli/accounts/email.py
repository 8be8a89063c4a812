"""`adsapp email-account …`: the e-mail accounts of an organization on the command line."""

from typing import Any

import click

from adsapp.cli.accounts.asking import secret, secret_option
from adsapp.cli.actor import BY
from adsapp.cli.admin import find_organization, organization_option
from adsapp.cli.errors import CommandFailed, typed
from adsapp.cli.output import json_option, show
from adsapp.cli.readiness import open_app
from adsapp.core import db
from adsapp.integrations import email_connection
from adsapp.integrations import email_queries as queries
from adsapp.integrations.base import EmailAnswer
from adsapp.integrations.models import EmailAccount
from adsapp.integrations.resend import service
from adsapp.integrations.resend.service import EmailAccountChanges, EmailAccountIn


@click.group("email-account")
def email_account() -> None:
    """E-mail accounts: connect one, check, list, remove."""


@email_account.command()
@organization_option
@click.option("--sender-address", required=True, help="Whom e-mails are from, at a domain verified at Resend.")
@click.option("--sender-name", default="", help="What people see before the address.")
@click.option("--reply-to", default="", help="Where answers go; default: the sender's address.")
@click.option("--name", default="E-mail", show_default=True, help="What it is called in the console.")
@click.option("--emails-per-second", type=float, default=service.DEFAULT_PACE, show_default=True, help="Its pace.")
@click.option("--batch-size", type=int, default=service.DEFAULT_BATCH, show_default=True, help="E-mails in a request.")
@secret_option("api-key", "RESEND_API_KEY")
@json_option
def connect(slug: str, as_json: bool, api_key: str | None, **plain: Any) -> None:
    """Connect an account at Resend.

    The API key is asked for, or taken from RESEND_API_KEY. Resend is asked first; nothing is saved if it refuses the
    key. What else is missing, a verified domain or the webhook, is said and can be set up afterwards.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        data = EmailAccountIn(api_key=secret(api_key, "API key", "RESEND_API_KEY"), **plain)
        answer, made = _connect(data)
        facts = _facts(made)
        db.session.commit()
    text = (
        f"“{facts['name']}” is connected.\n{_findings(answer)}\n"
        f"Enter this webhook address at Resend, and save its signing secret with "
        f"{typed(f'email-account webhook --organization {slug}')}: {facts['webhook']}"
    )
    show({**facts, "findings": _as_json(answer)}, text, as_json)


def _connect(data: EmailAccountIn) -> tuple[EmailAnswer, EmailAccount]:
    account = service.new_account(data)
    answer = email_connection.ask(account)
    if not any(finding.what == "key" and finding.is_good for finding in answer.findings):
        raise CommandFailed(f"nothing was saved. {answer.sentence}")
    made = service.add_account(account, BY)
    email_connection.keep(made, answer)
    return answer, made


@email_account.command()
@organization_option
@click.option("--name", help="Which account; default: the one that sends.")
@secret_option("webhook-secret", "RESEND_WEBHOOK_SECRET")
@json_option
def webhook(slug: str, as_json: bool, name: str | None, webhook_secret: str | None) -> None:
    """Save the signing secret of an account's webhook.

    It is asked for, or taken from RESEND_WEBHOOK_SECRET. Without it no report of Resend is believed.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        account = _named(slug, name)
        given = secret(webhook_secret, "Signing secret", "RESEND_WEBHOOK_SECRET")
        service.change_account(account, EmailAccountChanges(webhook_secret=given), BY)
        facts = _facts(account)
        db.session.commit()
    show(facts, f"The signing secret of “{facts['name']}” is saved.", as_json)


@email_account.command()
@organization_option
@json_option
def check(slug: str, as_json: bool) -> None:
    """Ask Resend whether each account can send.

    Its key, its sender's domain and its webhook are looked at. One that can send may send again.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        answers = [(each.name, _check(each)) for each in _accounts(slug)]
    rows = [
        {"name": name, "accepted": it.is_good, "reason": it.reason, "findings": _as_json(it)} for name, it in answers
    ]
    lines = [f"{name}: {'can send' if it.is_good else 'CANNOT send'}\n{_findings(it)}" for name, it in answers]
    show({"accounts": rows}, "\n".join(lines), as_json)
    if not all(it.is_good for _, it in answers):
        raise CommandFailed("not every account can send; what is missing stands above")


def _check(one: EmailAccount) -> EmailAnswer:
    answer = email_connection.check(one.id, BY)
    db.session.commit()
    return answer


@email_account.command("list")
@organization_option
@json_option
def list_accounts(slug: str, as_json: bool) -> None:
    """The e-mail accounts of an organization.

    The first is the one that sends if none is named.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        rows = [_facts(each) for each in _accounts(slug)]
    show({"accounts": rows}, "\n".join(_line(row) for row in rows), as_json)


@email_account.command()
@organization_option
@click.option("--name", required=True, help="Which account.")
@json_option
def remove(slug: str, as_json: bool, name: str) -> None:
    """Forget an account's key: it sends no more.

    What it has sent stays in the lists.
    """
    with open_app().app_context():
        db.bind_organization(find_organization(slug).id)
        service.remove_account(_named(slug, name), BY)
        db.session.commit()
    show({"removed": name}, f"“{name}” is removed.", as_json)


def _accounts(slug: str) -> list[EmailAccount]:
    found = queries.list_email_accounts()
    if not found:
        raise CommandFailed(
            f"no e-mail account is connected: {typed(f'email-account connect --organization {slug}')} …"
        )
    return found


def _named(slug: str, name: str | None) -> EmailAccount:
    accounts = _accounts(slug)
    found = next((each for each in accounts if name in (None, each.name)), None)
    if found is None:
        raise CommandFailed(f"there is no account “{name}”; there are {', '.join(each.name for each in accounts)}")
    return found


def _findings(answer: EmailAnswer) -> str:
    if not answer.findings:
        return f"  {answer.reason}"
    return "\n".join(f"  {'ok' if each.is_good else 'MISSING'}  {each.told}" for each in answer.findings)


def _as_json(answer: EmailAnswer) -> list[dict[str, Any]]:
    return [{"what": each.what, "is_good": each.is_good, "told": each.told} for each in answer.findings]


def _line(row: dict[str, Any]) -> str:
    reason = f": {row['reason']}" if row["reason"] else ""
    return f"{row['name']}  {row['sender_address']}  {row['emails_per_second']:g}/s  {row['state']}{reason}"


def _facts(one: EmailAccount) -> dict[str, Any]:
    return {
        "id": str(one.id),
        "name": one.name,
        "sender_name": one.sender_name,
        "sender_address": one.sender_address,
        "reply_to": one.reply_to,
        "emails_per_second": one.emails_per_second,
        "batch_size": one.batch_size,
        "state": one.status.value,
        "reason": one.status_reason,
        "webhook": service.webhook_url(one),
        "has_webhook_secret": one.webhook_secret is not None,
    }

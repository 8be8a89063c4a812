"""Settings → WhatsApp: connect the number that sends, change it, ask the provider whether it accepts it."""

import uuid
from dataclasses import asdict
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import context, db
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.integrations import queries
from adsapp.integrations.base import Answer
from adsapp.integrations.connection import check
from adsapp.integrations.models import Account, AccountStatus
from adsapp.integrations.whatsapp import service
from adsapp.integrations.whatsapp.connection import ask
from adsapp.integrations.whatsapp.forms import AccountForm
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.organizations.queries import caps

views = Blueprint("integrations", __name__)

ANSWER = "whatsapp_answer"  # what the provider said last, kept in the session until the next page shows it
ASKED = "change the WhatsApp settings"


@views.get("/settings")
@allow(Permission.ADMINISTER, to=ASKED)
def settings() -> ResponseReturnValue:
    """The one page of settings there is."""
    return redirect(url_for("integrations.show_whatsapp"))


@views.get("/settings/whatsapp")
@allow(Permission.ADMINISTER, to=ASKED)
def show_whatsapp() -> ResponseReturnValue:
    """The connected number, or the form to connect the first."""
    chosen = request.args.get("account", "")
    account = _account(chosen) if chosen else queries.find_default_account()
    if account is None:
        return _connect_page(AccountForm.empty(context.settings().default_messages_per_second))
    kept = session.pop(ANSWER, None)
    return _account_page(account, AccountForm.of(account), Answer(**kept) if kept else None)


@views.post("/settings/whatsapp")
@allow(Permission.ADMINISTER, to=ASKED)
def connect_whatsapp() -> ResponseReturnValue:
    """Connect a number once the provider accepts its token; the form again if it does not."""
    form = AccountForm.typed(request.form)
    try:
        data = form.new()
        db.session.rollback()  # nothing is held while the provider is asked
        address = service.api_address(None)
        answer = _accepted(form, ask(address, data.phone_number_id, data.waba_id, data.token))
        account = service.create_account(data, current_actor().by())
    except Conflict as problem:
        db.session.rollback()
        form.errors["phone_number_id"] = problem.detail
        return _connect_page(form), problem.status
    except Invalid as problem:
        return _connect_page(form), problem.status
    account.display_phone_number = account.display_phone_number or answer.display_phone_number[:30]
    db.session.commit()
    return _told(account.id, answer, "The number is connected")


@views.post("/settings/whatsapp/<account_id>")
@allow(Permission.ADMINISTER, to=ASKED)
def change_whatsapp(account_id: str) -> ResponseReturnValue:
    """Save changes; a new token only once the provider accepts it, so that a wrong one stops nothing."""
    account, form, answer = _account(account_id), AccountForm.typed(request.form), None
    try:
        changes = form.changes()
        if changes.token:
            number, waba = account.phone_number_id, changes.waba_id or account.waba_id
            address = service.api_address(account)
            db.session.rollback()  # nothing is held while the provider is asked
            answer = _accepted(form, ask(address, number, waba, changes.token))
    except Invalid as problem:
        return _account_page(_account(account_id), form), problem.status
    account = service.update_account(_account(account_id), changes, current_actor().by())
    db.session.commit()
    return _told(account.id, answer, "Saved")


@views.post("/settings/whatsapp/<account_id>/check")
@allow(Permission.ADMINISTER, to=ASKED)
def check_whatsapp(account_id: str) -> ResponseReturnValue:
    """Ask the provider with the stored token."""
    wanted = _account(account_id).id
    answer = check(wanted, current_actor().by())
    db.session.commit()
    return _told(wanted, answer)


def _account(account_id: str) -> Account:
    wanted = parse_id(account_id)
    if wanted is None:
        raise NotFound("There is no such WhatsApp account")
    return queries.get_account(wanted)


def _accepted(form: AccountForm, answer: Answer) -> Answer:
    """The answer if it is good; else Invalid, with the reason beside the token."""
    if not answer.is_good:
        form.errors["token"] = answer.sentence
        raise Invalid(answer.sentence)
    return answer


def _told(account_id: uuid.UUID, answer: Answer | None, said: str = "") -> ResponseReturnValue:
    if answer is not None:
        session[ANSWER] = asdict(answer)
    if said:
        flash(said, "good")
    several = len(queries.list_accounts()) > 1
    return redirect(url_for("integrations.show_whatsapp", account=account_id if several else None), 303)


def _connect_page(form: AccountForm) -> str:
    return render_template("integrations/connect.html", form=form)


def _account_page(account: Account, form: AccountForm, answer: Answer | None = None) -> str:
    accounts = queries.list_accounts()
    tabs = [_tab(each, each.id == account.id) for each in accounts] if len(accounts) > 1 else []
    refused = account.status is AccountStatus.REFUSED
    return render_template(
        "integrations/account.html",
        account=account,
        form=form,
        answer=answer,
        tabs=tabs,
        why_refused=queries.why_refused(account.status_reason) if refused else "",
        webhook_url=webhook_url(account),
        capped=caps().on_messages,
    )


def _tab(account: Account, active: bool) -> dict[str, Any]:
    return {"label": account.name, "url": url_for("integrations.show_whatsapp", account=account.id), "active": active}


def webhook_url(account: Account) -> str:
    """The address the provider delivers to."""
    return f"{context.settings().base_url}/webhooks/whatsapp/{account.id}"

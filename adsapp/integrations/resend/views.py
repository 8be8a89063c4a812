"""Settings → E-mail: connect accounts that send, change and remove them, ask Resend whether it accepts them."""

import uuid
from dataclasses import asdict, dataclass
from typing import ClassVar, Final

from flask import Blueprint, flash, redirect, request, session, url_for
from flask.typing import ResponseReturnValue

from adsapp.core import context, db
from adsapp.core.errors import Conflict, Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.web.confirmation import Choice, Confirmation, ask, lines_of
from adsapp.core.web.pages import WebPage, render
from adsapp.integrations import email_connection
from adsapp.integrations import email_queries as queries
from adsapp.integrations.base import EmailAnswer, EmailFinding
from adsapp.integrations.models import AccountStatus, EmailAccount
from adsapp.integrations.resend import service
from adsapp.integrations.resend.forms import EmailAccountForm
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.policy import Permission
from adsapp.organizations.queries import caps

views = Blueprint("email_accounts", __name__)

ANSWER: Final = "email_answer"  # what the provider said last, kept in the session until the next page shows it
ASKED: Final = "change the e-mail settings"
LOOKED_AT: Final = {"key": "API key", "domain": "Sender’s domain", "webhook": "Webhook"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectPage(WebPage):
    """The form of an account that is not connected yet."""

    template: ClassVar[str] = "integrations/connect_email.html"

    form: EmailAccountForm
    is_first: bool
    in_sandbox: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage(WebPage):
    """One account: what it can do, its settings, and where the provider reports to."""

    template: ClassVar[str] = "integrations/email_account.html"

    account: EmailAccount
    accounts: list[EmailAccount]
    form: EmailAccountForm
    answer: EmailAnswer | None
    why_refused: str
    webhook_url: str
    removal: Confirmation

    @property
    def checks(self) -> list[dict[str, str]]:
        """What was looked at, in the order in which it is set up."""
        return [_line(finding) for finding in self.answer.findings] if self.answer else []

    @property
    def capped(self) -> str:
        """What all accounts together may send, if there is a cap."""
        return caps().on_emails

    @property
    def tabs(self) -> list[dict[str, object]]:
        """The accounts there are, if there is more than one."""
        if len(self.accounts) < 2:
            return []
        return [
            {"label": each.name, "url": url_for("email_accounts.show", account=each.id), "active": each is self.account}
            for each in self.accounts
        ]


def _line(finding: EmailFinding) -> dict[str, str]:
    kind = "good" if finding.is_good else "bad" if finding.prevents else "warning"
    return {"kind": kind, "text": LOOKED_AT.get(finding.what, finding.what), "note": finding.told}


@views.get("/settings/email")
@allow(Permission.ADMINISTER, to=ASKED)
def show() -> ResponseReturnValue:
    """A connected account, or the form to connect the first."""
    chosen = request.args.get("account", "")
    account = _account(chosen) if chosen else queries.find_default_email_account()
    if account is None:
        return render(_connect_page(EmailAccountForm.empty()))
    kept = session.pop(ANSWER, None)
    return render(_account_page(account, EmailAccountForm.of(account), _read(kept) if kept else None))


@views.get("/settings/email/new")
@allow(Permission.ADMINISTER, to=ASKED)
def new() -> ResponseReturnValue:
    """The form to connect another."""
    return render(_connect_page(EmailAccountForm.empty("" if queries.list_email_accounts() else "E-mail")))


@views.post("/settings/email")
@allow(Permission.ADMINISTER, to=ASKED)
def connect() -> ResponseReturnValue:
    """Connect an account once the provider accepts its key; the form again if it does not."""
    form = EmailAccountForm.typed(request.form)
    try:
        account = service.new_account(form.new())
        answer = _asked(form, account)
        service.add_account(account, current_actor().by())
    except (Conflict, Invalid) as problem:
        _refuse(form, problem)
        return render(_connect_page(form)), problem.status
    email_connection.keep(account, answer)
    db.session.commit()
    return _told(account.id, answer, f"“{account.name}” is connected")


@views.post("/settings/email/<account_id>")
@allow(Permission.ADMINISTER, to=ASKED)
def change(account_id: str) -> ResponseReturnValue:
    """Save changes; a new key or sender only once the provider accepts the key, so that a wrong one stops nothing."""
    account, form, answer = _account(account_id), EmailAccountForm.typed(request.form), None
    try:
        changes = form.changes()
        if changes.api_key or changes.sender_address != account.sender_address:
            answer = _asked(form, service.as_changed(account, changes))
        account = service.change_account(_account(account_id), changes, current_actor().by())
    except (Conflict, Invalid) as problem:
        _refuse(form, problem)
        return render(_account_page(_account(account_id), form)), problem.status
    if answer is not None:
        email_connection.keep(account, answer)
    db.session.commit()
    return _told(account.id, answer, "Saved")


@views.post("/settings/email/<account_id>/check")
@allow(Permission.ADMINISTER, to=ASKED)
def check(account_id: str) -> ResponseReturnValue:
    """Ask the provider with what is stored."""
    wanted = _account(account_id).id
    answer = email_connection.check(wanted, current_actor().by())
    db.session.commit()
    return _told(wanted, answer)


@views.get("/settings/email/<account_id>/removal")
@allow(Permission.ADMINISTER, to=ASKED)
def ask_to_remove(account_id: str) -> ResponseReturnValue:
    """The question."""
    return ask(_removal(_account(account_id)))


@views.post("/settings/email/<account_id>/removal")
@allow(Permission.ADMINISTER, to=ASKED)
def remove(account_id: str) -> ResponseReturnValue:
    """Forget its key."""
    account = _account(account_id)
    name = account.name
    service.remove_account(account, current_actor().by())
    db.session.commit()
    flash(f"“{name}” is removed", "good")
    return redirect(url_for("email_accounts.show"), 303)


def _account(account_id: str) -> EmailAccount:
    wanted = parse_id(account_id)
    found = next((each for each in queries.list_email_accounts() if each.id == wanted), None)
    if found is None:
        raise NotFound("There is no such e-mail account; it may have been removed")
    return found


def _asked(form: EmailAccountForm, account: EmailAccount) -> EmailAnswer:
    """What the provider says of it; Invalid with the reason beside the key if that is refused or nobody answers. What
    else is missing can be set up later."""
    answer = email_connection.ask(account)
    if not any(finding.what == "key" and finding.is_good for finding in answer.findings):
        form.errors["api_key"] = answer.reason
        raise Invalid(answer.reason)
    return answer


def _refuse(form: EmailAccountForm, problem: Conflict | Invalid) -> None:
    db.session.rollback()
    if isinstance(problem, Conflict):
        form.errors["name"] = problem.detail


def _told(account_id: uuid.UUID, answer: EmailAnswer | None, said: str = "") -> ResponseReturnValue:
    if answer is not None:
        session[ANSWER] = asdict(answer)
    if said:
        flash(said, "good")
    return redirect(url_for("email_accounts.show", account=account_id), 303)


def _read(kept: dict[str, object]) -> EmailAnswer:
    """The answer as the session had it."""
    findings: list[dict[str, object]] = kept.pop("findings")  # type: ignore[assignment]
    return EmailAnswer(tuple(EmailFinding(**each) for each in findings), **kept)  # type: ignore[arg-type]


def _connect_page(form: EmailAccountForm) -> ConnectPage:
    is_first = queries.find_default_email_account() is None
    return ConnectPage(form=form, is_first=is_first, in_sandbox=bool(context.settings().sandbox_url))


def _account_page(account: EmailAccount, form: EmailAccountForm, answer: EmailAnswer | None = None) -> AccountPage:
    refused = account.status is AccountStatus.REFUSED
    return AccountPage(
        account=account,
        accounts=queries.list_email_accounts(),
        form=form,
        answer=answer,
        why_refused=queries.why_email_account_refused(account) if refused else "",
        webhook_url=service.webhook_url(account),
        removal=_removal(account),
    )


def _removal(account: EmailAccount) -> Confirmation:
    here = url_for("email_accounts.show", account=account.id)
    return Confirmation(
        name="ask-remove",
        title=f"Remove “{account.name}”?",
        lines=lines_of(
            "Its key is forgotten here and it sends no more. E-mails that go out by it stop, and wait for a person.",
            "What it has sent stays in the lists. No report about it is taken any more: remove its webhook at Resend.",
        ),
        action=url_for("email_accounts.remove", account_id=account.id),
        choices=(Choice("Remove the account", "danger", "trash"),),
        leave="Keep it",
        back=here,
        crumbs=(("Settings", None), ("E-mail", here), ("Remove", None)),
    )

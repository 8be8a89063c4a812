"""Pages: the list of e-mails, one e-mail, and what it can be told to do."""

from collections.abc import Callable
from functools import partial
from typing import Final

from flask import request
from flask.typing import ResponseReturnValue

from adsapp.core import db
from adsapp.core.errors import Invalid
from adsapp.core.inputs import digits
from adsapp.core.web.confirmation import Confirmation, ask
from adsapp.core.web.exports import delimiter_of
from adsapp.core.web.pages import render, render_fragment
from adsapp.emails import queries, reasons, service
from adsapp.emails.console import dialogs, preview, show_people
from adsapp.emails.console.blueprint import views
from adsapp.emails.console.export import Export
from adsapp.emails.console.presenter import EmailListPage
from adsapp.emails.console.show_page import EmailPage
from adsapp.emails.lacking import lacked
from adsapp.emails.models import Email
from adsapp.integrations import email_connection
from adsapp.organizations.access import allow, current_actor
from adsapp.organizations.auditing import By
from adsapp.organizations.policy import Permission
from adsapp.outbound.console import doing
from adsapp.outbound.console.dialogs import CANCEL, FILL, PAUSE, RESUME, RETRY, SETTLE, Verb
from adsapp.outbound.console.doing import failure_of

PER_PAGE: Final = 25
EXPORT: Final = "export the people of an e-mail"


@views.get("/emails")
@allow(Permission.SEE)
def list_emails() -> ResponseReturnValue:
    """E-mails, newest first."""
    return render(_list_page())


@views.get("/emails/list")
@allow(Permission.SEE)
def list_fragment() -> ResponseReturnValue:
    """The list alone, polled."""
    return render_fragment(_list_page())


def _list_page() -> EmailListPage:
    cursor = request.args.get("cursor", "")
    return EmailListPage.of(queries.list_emails(cursor or None, PER_PAGE), cursor)


# --- one e-mail -------------------------------------------------------------------------------------------------


@views.get("/emails/<email_id>")
@allow(Permission.SEE)
def show_email(email_id: str) -> ResponseReturnValue:
    """An e-mail: how far it is, who did not get it and why, everybody in it."""
    return render(_email_page(email_id))


@views.get("/emails/<email_id>/live")
@allow(Permission.SEE)
def email_fragment(email_id: str) -> ResponseReturnValue:
    """The same without the frame, polled while it moves."""
    return render_fragment(_email_page(email_id))


def _email_page(email_id: str) -> EmailPage:
    actor = current_actor()
    return EmailPage.of(queries.get_email(email_id), actor, request.args, by_address=actor.sees_numbers)


@views.get("/emails/<email_id>/preview")
@allow(Permission.SEE)
def preview_email(email_id: str) -> ResponseReturnValue:
    """What it says to one person, for the frame of its page."""
    email = queries.get_email(email_id)
    found = show_people.recipient_at(email, digits(request.args.get("person", "")))
    return preview.document((show_people.shown_to(email, found) if found else show_people.expected(email)).rendered)


@views.get("/emails/<email_id>/export")
@allow(Permission.MANAGE, to=EXPORT)
def ask_to_export(email_id: str) -> ResponseReturnValue:
    """As which file: everybody, or those whom the page was narrowed to."""
    return render(Export.asked(queries.get_email(email_id)).page)


@views.get("/emails/<email_id>/people.csv")
@allow(Permission.MANAGE, to=EXPORT)
def export_csv(email_id: str) -> ResponseReturnValue:
    """Who is in it and how it went."""
    delimiter = delimiter_of(request.args.get("delimiter"))
    return Export.asked(queries.get_email(email_id)).as_csv(delimiter, current_actor().by())


@views.get("/emails/<email_id>/people.xlsx")
@allow(Permission.MANAGE, to=EXPORT)
def export_xlsx(email_id: str) -> ResponseReturnValue:
    """The same as a workbook."""
    return Export.asked(queries.get_email(email_id)).as_xlsx(current_actor().by())


# --- what it can be told to do ----------------------------------------------------------------------------------


@views.get("/emails/<email_id>/<any(pause, resume, cancel, settle):verb>")
@allow(Permission.SEND, to="change e-mails")
def ask_verb(email_id: str, verb: str) -> ResponseReturnValue:
    """The question: as a page for whoever comes without scripts, else as a dialog."""
    email = queries.get_email(email_id)
    return ask(dialogs.ABOUT_COUNTS[verb](email, queries.counts(email)))


@views.get("/emails/<email_id>/retries/<code>")
@allow(Permission.SEND, to="send e-mails again")
def ask_retry(email_id: str, code: str) -> ResponseReturnValue:
    """Likewise, about those who failed with this code."""
    email = queries.get_email(email_id)
    return ask(dialogs.DIALOGS.retry(email, failure_of(queries.failures(email), code, dialogs.DIALOGS.it)))


@views.post("/emails/<email_id>/pause")
@allow(Permission.SEND, to="pause e-mails")
def pause(email_id: str) -> ResponseReturnValue:
    """Stop for now."""
    email = queries.get_email(email_id)
    return _do(email, lambda by: service.pause(email, request.form.get("reason", ""), by), PAUSE)


@views.post("/emails/<email_id>/resume")
@allow(Permission.SEND, to="resume e-mails")
def resume(email_id: str) -> ResponseReturnValue:
    """Go on."""
    if email_connection.check_refused(queries.get_email(email_id).account_id):  # perhaps it is in order by now
        db.session.commit()
    email = queries.get_email(email_id)
    question = partial(dialogs.resume, email, queries.counts(email))
    return _confirmed(email, lambda by: service.resume(email, by), RESUME, question)


@views.get("/emails/<email_id>/fill")
@allow(Permission.SEND, to="send e-mails")
def ask_fill(email_id: str) -> ResponseReturnValue:
    """Which value those get who were left out because there was none."""
    email = queries.get_email(email_id)
    return ask(dialogs.fill(email, queries.left_out(email, reasons.MISSING_VARIABLE)))


@views.post("/emails/<email_id>/fill")
@allow(Permission.SEND, to="send e-mails")
def fill(email_id: str) -> ResponseReturnValue:
    """Send to them with it."""
    email = queries.get_email(email_id)
    count, form = queries.left_out(email, reasons.MISSING_VARIABLE), request.form
    values, empty = doing.typed_values(lacked(email))
    if empty:
        return render(dialogs.fill(email, count, form, empty)), Invalid.status
    question = partial(dialogs.fill, email, count, form)
    return _confirmed(email, lambda by: service.send_to_left_out(email, values, by), FILL, question)


@views.post("/emails/<email_id>/cancel")
@allow(Permission.SEND, to="cancel e-mails")
def cancel(email_id: str) -> ResponseReturnValue:
    """End it for good."""
    email = queries.get_email(email_id)
    return _do(email, lambda by: service.cancel(email, by), CANCEL)


@views.post("/emails/<email_id>/settle")
@allow(Permission.SEND, to="settle uncertain e-mails")
def settle(email_id: str) -> ResponseReturnValue:
    """Decide about the uncertain ones."""
    email = queries.get_email(email_id)
    decision = request.form.get("decision", "")
    question = partial(dialogs.settle, email, queries.counts(email))
    return _confirmed(email, lambda by: service.settle_uncertain(email, decision, by), SETTLE, question)


@views.post("/emails/<email_id>/retries")
@allow(Permission.SEND, to="send e-mails again")
def retry(email_id: str) -> ResponseReturnValue:
    """Send again to those who failed with a code."""
    email = queries.get_email(email_id)
    failure = failure_of(queries.failures(email), request.form.get("code", ""), dialogs.DIALOGS.it)
    question = partial(dialogs.DIALOGS.retry, email, failure)
    return _confirmed(email, lambda by: service.retry_failed(email, failure.code, by), RETRY, question)


def _confirmed(
    email: Email, change: Callable[[By], object], verb: Verb, question: Callable[[], Confirmation]
) -> ResponseReturnValue:
    return doing.confirmed(partial(change, current_actor().by()), verb, dialogs.PLACE.page(email), question)


def _do(email: Email, change: Callable[[By], object], verb: Verb) -> ResponseReturnValue:
    return doing.do(partial(change, current_actor().by()), verb, dialogs.PLACE.page(email))

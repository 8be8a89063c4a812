"""Sending again to some of an e-mail's people: those who are uncertain, who failed, or who had been left out.

Each moves rows of the ledger back to pending under the e-mail's lock, and lets the e-mail go on. They get a new chunk
with a new key.
"""

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import update

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.core.errors import Conflict, Invalid
from adsapp.core.words import plural
from adsapp.emails import lacking, ledger, reasons
from adsapp.emails.course import go_on
from adsapp.emails.events import record
from adsapp.emails.models import Email, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.message_templates.placeholders import to_json
from adsapp.organizations.auditing import By
from adsapp.outbound import decisions
from adsapp.outbound.missing_values import read_texts, refuse_unfixed, with_texts
from adsapp.outbound.statuses import OutboundStatus

CHUNK: Final = 500

_AFRESH: Final[Mapping[str, Any]] = {
    "status": Status.PENDING,
    "error_code": "",
    "error_message": None,
    "not_before": None,
    "chunk_id": None,
    "attempts": 0,
    "accepted_at": None,
    "failed_at": None,
    "provider_id": None,
}


def settle_uncertain(email: Email, decision: str, by: By) -> decisions.Decision:
    """Decide about e-mails that may or may not have been sent: "send_again" or "assume_delivered"."""
    decisions.check(decision)
    ledger.lock([email.id])
    if decision == decisions.ASSUME_DELIVERED:
        told = {"error_code": "", "error_message": f"assumed by {by.name}"}
        count = _move(email, Status.UNCERTAIN, None, {"status": Status.DELIVERED, "delivered_at": utcnow(), **told})
        text, action = f"{plural(count, 'uncertain e-mail')} assumed delivered", "assume e-mails delivered"
    else:
        _refuse_ended_by_choice(email)
        count = _move(email, Status.UNCERTAIN, None, _AFRESH)
        go_on(email, count, by)
        text, action = f"{plural(count, 'uncertain e-mail')} to be sent again", "send uncertain e-mails again"
    record(email, text, by, action=action, people=count)
    return decisions.Decision(count)


def retry_failed(email: Email, code: str, by: By) -> decisions.Decision:
    """Send again to those who failed with this code, never to those who got it.

    Raises Invalid if trying again cannot help, Conflict for a cancelled e-mail.
    """
    reason = reasons.explain(code)
    if not reason.can_retry:
        raise Invalid.field("code", f"{reason.title}: sending again cannot help. {reason.advice}")
    ledger.lock([email.id])
    _refuse_ended_by_choice(email)
    count = _move(email, Status.FAILED, code, _AFRESH)
    go_on(email, count, by)
    are = "is sent the e-mail" if count == 1 else "are sent the e-mail"
    text = f"{plural(count, 'person', 'people')} who failed with “{reason.title}” {are} again"
    record(email, text, by, action="send failed e-mails again", people=count, error=reason.title)
    return decisions.Decision(count)


def send_to_left_out(email: Email, values: Mapping[str, str], by: By) -> decisions.Decision:
    """Send to those who were left out because a placeholder had no value, with these values, by the placeholders'
    names. Who lacks another one too stays left out. The e-mail keeps the values as what is sent if there is none.

    Invalid if a value is empty or of a placeholder that nobody lacks, Conflict for a cancelled e-mail.
    """
    ledger.lock([email.id])
    _refuse_ended_by_choice(email)
    refuse_unfixed(email.frozen_at)
    texts = read_texts(values, lacking.lacked(email))
    count = _fill_in(email, texts)
    sources = to_json(lacking.sources_of(email))
    email.variables = email.variables | {name: {**sources[name], "fallback": text} for name, text in texts.items()}
    go_on(email, count, by)
    are = "is sent the e-mail" if count == 1 else "are sent the e-mail"
    text = f"{plural(count, 'person', 'people')} without a value {are} with one for all of them"
    record(email, text, by, action="send e-mail to left out", people=count)
    return decisions.Decision(count)


def _fill_in(email: Email, texts: Mapping[str, str]) -> int:
    """Give those who lack just these placeholders the texts; how many they are."""
    asked, people = lacking.from_contacts(email), lacking.people_without_value(email)
    kept = {name: each.fallback for name, each in asked.items() if each.fallback}
    count, after = 0, 0
    while rows := people.some(asked, after, CHUNK):
        after = rows[-1].id
        filled = with_texts(rows, {**kept, **texts})
        told = {**_AFRESH, "updated_at": utcnow()}
        update_rows(EmailRecipient, [{"id": own, "variables": values, **told} for own, values in filled])
        count += len(filled)
    return count


def _refuse_ended_by_choice(email: Email) -> None:
    if email.status is OutboundStatus.CANCELLED:
        raise Conflict("The e-mail was cancelled; nothing more is sent")


def _move(email: Email, status: Status, code: str | None, values: Mapping[str, object]) -> int:
    query = update(EmailRecipient).where(EmailRecipient.email_id == email.id, EmailRecipient.status == status)
    if code is not None:
        query = query.where(EmailRecipient.error_code == code)
    moved = db.session.execute(
        query.values(updated_at=utcnow(), **values), execution_options={"synchronize_session": False}
    )
    return moved.rowcount  # type: ignore[attr-defined,no-any-return]

"""Reads of e-mails, one function a screen. Counts come from counters; lists go along keys."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import defer
from sqlalchemy.orm.attributes import set_committed_value

from adsapp.contacts.queries import people_with
from adsapp.core import db
from adsapp.core.errors import Invalid, NotFound
from adsapp.core.ids import parse_id
from adsapp.core.inputs import id_after, number_after
from adsapp.core.pagination import PAGE, Page, cut
from adsapp.emails import lacking, ledger
from adsapp.emails.ledger import Counted
from adsapp.emails.models import Email, EmailCount, EmailEvent, EmailRecipient
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reasons import MISSING_VARIABLE, explain
from adsapp.jobs import Job, State
from adsapp.outbound.statuses import OutboundStatus, people_by_status

ENDED_JOBS = {State.FAILED: OutboundStatus.FAILED, State.CANCELLED: OutboundStatus.CANCELLED}
LOOKED_AT = 50  # of the newest e-mails, for one that is alike
UNSUBSCRIBED = "unsubscribed"  # no status: they may have opened it, too
HEAVY = (Email.html, Email.text, Email.attachments)  # not read for a list


@dataclass(frozen=True)
class Counts:
    """Recipients by status. The twelve add up to the audience (`adds_up`), at every instant once it is frozen."""

    pending: int = 0
    sending: int = 0
    accepted: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    clicked: int = 0
    bounced: int = 0
    complained: int = 0
    failed: int = 0
    skipped: int = 0
    uncertain: int = 0
    audience_size: int | None = None
    unsubscribed: int = 0  # by its link, whatever their status

    @property
    def total(self) -> int:
        """All recipients."""
        return self.to_go + self.accepted_total + self.failed + self.skipped + self.uncertain

    @property
    def to_go(self) -> int:
        """Not sent yet."""
        return self.pending + self.sending

    @property
    def done(self) -> int:
        """Through, one way or the other."""
        return self.total - self.to_go

    @property
    def accepted_total(self) -> int:
        """Taken by the provider, whatever came after."""
        return self.accepted + self.sent_total + self.bounced

    @property
    def sent_total(self) -> int:
        """Sent by the provider, and not come back."""
        return self.sent + self.delivered_total

    @property
    def delivered_total(self) -> int:
        """Delivered, whatever the reader did then."""
        return self.delivered + self.opened_total + self.complained

    @property
    def opened_total(self) -> int:
        """Opened, as far as that is tracked; clicked ones included."""
        return self.opened + self.clicked

    @property
    def percent_sent(self) -> int:
        """Sent to, in percent of those it is sent to: whoever is skipped is in neither."""
        meant = self.total - self.skipped
        return min(99 if self.to_go else 100, (meant - self.to_go) * 100 // meant) if meant else 0

    @property
    def adds_up(self) -> bool:
        """The sum rule."""
        return self.audience_size is None or self.total == self.audience_size


@dataclass(frozen=True)
class Failure:
    """Why some did not get it: a code, plain words, and whether trying again can help."""

    code: str
    title: str
    advice: str
    count: int
    can_retry: bool


def list_emails(cursor: str | None = None, limit: int = PAGE) -> Page[Email]:
    """E-mails, newest first, without their bodies and attachments."""
    query = select(Email).options(*map(defer, HEAVY)).order_by(Email.id.desc()).limit(limit + 1)
    if cursor:
        query = query.where(Email.id < id_after(cursor))
    rows = db.session.scalars(query).all()
    ended = _jobs_that_ended(rows)
    for email in rows:
        _show_ended_job(email, ended.get(email.job_id) if email.job_id else None)
    return cut(rows, limit, lambda email: str(email.id))


def find_lately(subject: str, audience: Mapping[str, Any], since: datetime) -> Email | None:
    """The newest e-mail of this subject to this audience since then, if it is among the last, and was not cancelled."""
    newest = select(Email).options(*map(defer, HEAVY)).order_by(Email.id.desc()).limit(LOOKED_AT)
    return next((each for each in db.session.scalars(newest) if _is_same(each, subject, audience, since)), None)


def _is_same(email: Email, subject: str, audience: Mapping[str, Any], since: datetime) -> bool:
    is_alike = email.subject == subject and email.audience == audience
    return is_alike and email.created_at > since and email.status is not OutboundStatus.CANCELLED


def get_email(email_id: uuid.UUID | str) -> Email:
    """The e-mail; raises NotFound. Its attachments are read when they are asked for."""
    wanted = parse_id(str(email_id))
    query = select(Email).options(defer(Email.attachments)).where(Email.id == wanted)
    found = wanted and db.session.scalars(query).first()
    if not found:
        raise NotFound("There is no such e-mail")
    _show_ended_job(found, job_of(found))
    return found


def _show_ended_job(email: Email, job: Job | None) -> None:
    # A job that failed for good cannot write its e-mail's status any more: the e-mail shows what became of its job.
    # Looking writes nothing, and a retry of the job undoes it.
    if job is None or job.state not in ENDED_JOBS:
        return
    by = job.cancel_requested_by if job.state is State.CANCELLED else None
    set_committed_value(email, "status", ENDED_JOBS[job.state])
    set_committed_value(email, "status_reason", f"cancelled by {by}" if by else job.error)
    set_committed_value(email, "finished_at", job.finished_at)


def job_of(email: Email) -> Job | None:
    """The job that sends an e-mail, None if that has ended."""
    if email.status.has_ended or email.job_id is None:
        return None
    return db.session.get(Job, email.job_id)


def _jobs_that_ended(emails: Sequence[Email]) -> dict[uuid.UUID, Job]:
    """By id, of e-mails that have not ended themselves; in one statement."""
    ids = [email.job_id for email in emails if email.job_id and not email.status.has_ended]
    if not ids:
        return {}
    found = db.session.scalars(select(Job).where(Job.id.in_(ids), Job.state.in_(list(ENDED_JOBS))))
    return {job.id: job for job in found}


def counts(email: Email, counted: Iterable[Counted] | None = None) -> Counts:
    """The e-mail's recipients by status; of what a page has `counted` already, so that its figures fit together."""
    if counted is None:
        return counts_of([email])[email.id]
    return _counts([email], ((email.id, each.status, each.people) for each in counted))[email.id]


def counts_of(emails: Sequence[Email]) -> dict[uuid.UUID, Counts]:
    """The recipients of several e-mails by status, in one statement."""
    rows = db.session.execute(
        select(EmailCount.email_id, EmailCount.status, EmailCount.count).where(
            EmailCount.email_id.in_([email.id for email in emails])
        )
    )
    return _counts(emails, rows)


def _counts(emails: Sequence[Email], rows: Iterable[tuple[uuid.UUID, Status, int]]) -> dict[uuid.UUID, Counts]:
    by_status = people_by_status([email.id for email in emails], rows)
    return {
        email.id: Counts(**by_status[email.id], audience_size=email.audience_size, unsubscribed=email.unsubscribed)
        for email in emails
    }


def failures(email: Email, status: Status = Status.FAILED, counted: Iterable[Counted] | None = None) -> list[Failure]:
    """Why recipients failed (or, with `status`, were skipped or bounced), the commonest first; of what was `counted`
    already."""
    counted = list(ledger.counted(email.id) if counted is None else counted)
    skipped, found = sum(each.people for each in counted if each.status is Status.SKIPPED), []
    for its_status, code, count in counted:
        if its_status is status and count:
            reason = explain(code)
            title = lacking.why_left_out(email, skipped) if code == MISSING_VARIABLE else reason.title
            found.append(Failure(code, title, reason.advice, count, status is Status.FAILED and reason.can_retry))
    return sorted(found, key=lambda failure: (-failure.count, failure.code))


def left_out(email: Email, code: str) -> int:
    """How many people were left out for this reason."""
    return next((each.count for each in failures(email, Status.SKIPPED) if each.code == code), 0)


def recipients(
    email: Email,
    status: Status | str | None = None,
    cursor: str | None = None,
    limit: int = PAGE,
    code: str | None = None,
    search: str = "",
    *,
    by_address: bool = True,
) -> Page[EmailRecipient]:
    """The people of an e-mail in the order they are sent to, all or of one status (and code), or UNSUBSCRIBED. `search`
    is in names, and in addresses if whoever asks may see them (`by_address`)."""
    query = select(EmailRecipient).where(EmailRecipient.email_id == email.id)
    if status == UNSUBSCRIBED:
        query = query.where(EmailRecipient.unsubscribed_at.is_not(None))
    elif status:
        query = query.where(EmailRecipient.status == status_of(status))
    if code is not None:
        query = query.where(EmailRecipient.error_code == code)
    if search:
        address = EmailRecipient.address if by_address else None
        query = query.where(people_with(search, EmailRecipient.name, email=address))
    if cursor:
        query = query.where(EmailRecipient.id > number_after(cursor))
    rows = db.session.scalars(query.order_by(EmailRecipient.id).limit(limit + 1)).all()
    return cut(rows, limit, lambda recipient: str(recipient.id))


def status_of(text: Status | str) -> Status:
    """The status of this name; raises Invalid that lists them."""
    try:
        return Status(text)
    except ValueError:
        raise Invalid.field(
            "status", f"There is no status {text!r}; there are {', '.join(Status)}, {UNSUBSCRIBED}"
        ) from None


def events(email: Email, limit: int = 100) -> list[EmailEvent]:
    """What happened, newest first."""
    query = select(EmailEvent).where(EmailEvent.email_id == email.id)
    return list(db.session.scalars(query.order_by(EmailEvent.id.desc()).limit(limit)))

"""An e-mail's job as the job engine sees it: its items are the recipients, its cancellation and its begin are the
e-mail's."""

from collections.abc import Sequence

from sqlalchemy import select

from adsapp.core import db
from adsapp.core.pagination import Page
from adsapp.emails import ledger, queries, service
from adsapp.emails.models import Email
from adsapp.emails.reach import reach
from adsapp.emails.subject import EMAIL
from adsapp.jobs import ItemRow, Job
from adsapp.organizations.auditing import By
from adsapp.outbound.statuses import OutboundStatus


def recipients_as_items(job: Job, status: str, cursor: str, limit: int) -> Page[ItemRow]:
    """The e-mail's recipients. The key is the address; where it leaves it is masked for people who may not see it."""
    email = queries.get_email(EMAIL.id_of(job.subject))
    page = queries.recipients(email, status or None, cursor or None, limit)
    rows = [ItemRow(one.address, one.status.value, one.error_code, one.error_message or "") for one in page.items]
    return Page(rows, page.next)


def people_reached(jobs: Sequence[Job]) -> int:
    """How many people get an e-mail if these jobs begin now; of one that is paused or has ended nobody does."""
    emails = db.session.scalars(select(Email).where(Email.job_id.in_([job.id for job in jobs])))
    return sum(reach(each) for each in emails if each.status is OutboundStatus.SCHEDULED or each.status.goes_out)


def job_was_begun(job: Job, by: By, begin: str) -> None:
    """Somebody let the job run again or before its time: the e-mail's history says so."""
    email = _email_of(job)
    if email is not None:
        ledger.lock([email.id])
        service.was_begun(email, by, is_again=begin == "retry")


def job_was_cancelled(job: Job, by: By) -> None:
    """Somebody cancelled the job while it waited, was paused or scheduled: the e-mail is cancelled with it."""
    email = _email_of(job)
    if email is None:
        return
    ledger.lock([email.id])
    if not email.status.has_ended:
        service.cancel_without_job(email, by)


def _email_of(job: Job) -> Email | None:
    return db.session.scalars(select(Email).where(Email.job_id == job.id)).first()

"""What the provider reports of e-mails, worked into the ledger and the suppressions."""

import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import or_, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import update_rows
from adsapp.core.observing import traces
from adsapp.emails import ledger
from adsapp.emails.models import Email, EmailRecipient, SuppressionReason
from adsapp.emails.models import EmailRecipientStatus as Status
from adsapp.emails.reported import parked
from adsapp.emails.reported.statuses import MOMENTS, Known, merge
from adsapp.emails.suppressions import service as suppressions
from adsapp.emails.suppressions.service import Suppressed
from adsapp.integrations import email_queries as accounts
from adsapp.integrations.email_events import EmailReport, Report, ReportKind, SuppressionReport
from adsapp.integrations.models import EmailAccount
from adsapp.outbound.figures import EMAIL, EMAILS, count_statuses
from adsapp.outbound.report_spans import came_back

UNSETTLED: Final = (Status.SENDING, Status.UNCERTAIN)
PUNISHED: Final = {
    ReportKind.BOUNCED: SuppressionReason.BOUNCE,
    ReportKind.COMPLAINED: SuppressionReason.COMPLAINT,
    ReportKind.SUPPRESSED: SuppressionReason.BOUNCE,
}
COLUMNS: Final = ("id", "email_id", "address", "status", "provider_id", *MOMENTS, "error_code", "error_message")


def match_parked(account_id: uuid.UUID, provider_ids: Iterable[str]) -> None:
    """Apply what was parked of these e-mails, if we know them by now. Commits."""
    account = accounts.get_email_account(account_id)
    reports = parked.take(provider_ids)
    if reports:
        apply_reports(account, reports)
    db.session.commit()


def apply_reports(account: EmailAccount, reports: Sequence[Report]) -> set[str]:
    """Work some reports in, in the caller's transaction; the ids of e-mails that we do not know (yet): their reports
    are parked."""
    of_emails = [each for each in reports if isinstance(each, EmailReport) and _is_wanted(account, each)]
    unknown = _merge(account.id, of_emails)
    for each in reports:
        if isinstance(each, SuppressionReport):
            suppressions.heard_from_provider(each)
    return unknown


def _is_wanted(account: EmailAccount, report: EmailReport) -> bool:
    """Opens and clicks are kept only where the organization wants to know them."""
    if report.kind is ReportKind.OPENED:
        return account.tracks_opens
    return account.tracks_clicks if report.kind is ReportKind.CLICKED else True


@dataclass(frozen=True)
class _People:
    """Recipients by the provider's id and by our own."""

    by_provider_id: Mapping[str, Any]
    by_id: Mapping[str, Any]

    def of(self, report: EmailReport) -> Any | None:
        """Whom a report is about. One who has another e-mail's id by now got this one before, and was sent to again."""
        row = self.by_provider_id.get(report.provider_id)
        if row is None and (mine := self.by_id.get(report.reference)) is not None:
            row = mine if mine.provider_id is None and mine.status in UNSETTLED else None
        return row


def _merge(account_id: uuid.UUID, reports: Sequence[EmailReport]) -> set[str]:
    if not reports:
        return set()
    ledger.lock(_read(reports, EmailRecipient.email_id))
    rows = _read(reports, *(getattr(EmailRecipient, name) for name in COLUMNS))
    people = _People({row.provider_id: row for row in rows if row.provider_id}, {str(row.id): row for row in rows})
    found: dict[int, tuple[Any, Known, str]] = {}
    strangers = []
    for report in reports:
        row = people.of(report)
        if row is None:
            strangers.append(report)
            continue
        _, known, _ = found.get(row.id) or (row, _known(row), "")
        found[row.id] = (row, merge(known, report), report.provider_id)
    _write(found.values())
    _suppress(reports, people)
    parked.park(account_id, strangers)
    return {each.provider_id for each in strangers}


def _read(reports: Sequence[EmailReport], *columns: Any) -> Sequence[Any]:
    ids = {each.provider_id for each in reports}
    references = {int(each.reference) for each in reports if each.reference.isascii() and each.reference.isdecimal()}
    known = {number for number in references if number < 2**63}
    query = select(*columns).where(or_(EmailRecipient.provider_id.in_(ids), EmailRecipient.id.in_(known)))
    return db.session.scalars(query).all() if len(columns) == 1 else db.session.execute(query).all()


def _known(row: Any) -> Known:
    return Known(**{name: getattr(row, name) for name in (*MOMENTS, "error_code", "error_message")})


def _write(found: Collection[tuple[Any, Known, str]]) -> None:
    """Who had been uncertain is so no longer: the provider tells of it, so it had been taken."""
    now = utcnow()
    rows = []
    for row, known, provider_id in found:
        status = known.status
        if known == _known(row) and status is row.status and row.provider_id:
            continue
        moments = {name: getattr(known, name) for name in MOMENTS}
        told = {"error_code": known.error_code, "error_message": known.error_message}
        mine = {"id": row.id, "status": status, "provider_id": row.provider_id or provider_id, "updated_at": now}
        rows.append({**mine, **moments, **told})
    update_rows(EmailRecipient, rows)
    count_statuses(EMAILS, (row["status"].value for row in rows))
    if traces.is_on():
        came_back(EMAIL, _jobs_of(row.email_id for row, _, _ in found))


def _jobs_of(emails: Iterable[uuid.UUID]) -> list[uuid.UUID | None]:
    counted = Counter(emails)
    rows = db.session.execute(select(Email.id, Email.job_id).where(Email.id.in_(counted))).all()
    return [row.job_id for row in rows for _ in range(counted[row.id])]


def _suppress(reports: Sequence[EmailReport], people: _People) -> None:
    """Whoever bounced for good or complained gets nothing more, from this organization."""
    asked = []
    for report in reports:
        reason = PUNISHED.get(report.kind)
        if report.kind is ReportKind.SUPPRESSED and "previous_complaint" in report.detail:
            reason = SuppressionReason.COMPLAINT
        row = people.of(report)
        address = row.address if row is not None else report.address
        if reason is not None and address:
            email_id = row.email_id if row is not None else None
            asked.append(Suppressed(address, reason, report.detail, email_id, is_known_there=True))
    suppressions.suppress_many(asked)

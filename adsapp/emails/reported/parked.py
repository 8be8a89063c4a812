"""Reports of e-mails that we do not know yet: kept until our own answer is stored."""

import uuid
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select

from adsapp.core import db
from adsapp.core.clock import utcnow
from adsapp.core.db.rows import insert_rows
from adsapp.emails.models import EmailRecipient, ParkedEmailEvent
from adsapp.integrations.email_events import EmailReport, ReportKind


def park(account_id: uuid.UUID, reports: Sequence[EmailReport]) -> None:
    """Keep them."""
    now = utcnow()
    rows = [
        {"account_id": account_id, "provider_id": each.provider_id, "event": _as_json(each), "received_at": now}
        for each in reports
    ]
    insert_rows(ParkedEmailEvent, rows)


def take(provider_ids: Iterable[str]) -> list[EmailReport]:
    """Those of e-mails we know by now, in the order they came; they are no longer kept."""
    known = select(EmailRecipient.provider_id).where(EmailRecipient.provider_id.in_(set(provider_ids)))
    ids = db.session.scalars(known).all()
    if not ids:
        return []
    mine = ParkedEmailEvent.provider_id.in_(ids)
    rows = db.session.scalars(select(ParkedEmailEvent).where(mine).order_by(ParkedEmailEvent.id)).all()
    reports = [_of_json(row.event) for row in rows]
    gone = delete(ParkedEmailEvent).where(ParkedEmailEvent.id.in_([row.id for row in rows]))
    db.session.execute(gone, execution_options={"synchronize_session": False})
    return reports


def forget(before: datetime, limit: int) -> int:
    """Remove some that came before: nobody of ours was meant; returns how many."""
    some = select(ParkedEmailEvent.id).where(ParkedEmailEvent.received_at < before).limit(limit)
    gone = delete(ParkedEmailEvent).where(ParkedEmailEvent.id.in_(some)).returning(ParkedEmailEvent.id)
    return len(db.session.execute(gone, execution_options={"synchronize_session": False}).all())


def _as_json(report: EmailReport) -> dict[str, Any]:
    return {name: getattr(report, name) for name in EmailReport.__slots__} | {
        "kind": report.kind.value,
        "at": report.at.isoformat(),
    }


def _of_json(event: dict[str, Any]) -> EmailReport:
    return EmailReport(**event | {"kind": ReportKind(event["kind"]), "at": datetime.fromisoformat(event["at"])})
